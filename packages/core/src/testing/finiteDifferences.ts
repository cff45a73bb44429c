import * as tf from "@tensorflow/tfjs";
import {
  hessianVectorProduct,
  type ScalarFunction,
  valueAndGradients,
} from "../autodiff/gradients.js";
import { dotParams, globalNorm, mapParams, type Params } from "../params.js";
import { randomFor } from "../random.js";

/** How far derivatives are from central differences, relative to their size. */
export interface DerivativeErrors {
  /** Of the gradient along a random direction. */
  readonly gradient: number;
  /** Of the Hessian times that direction, in the L2 norm. */
  readonly hvp: number;
}

/** Steps as shares of the norm of the parameters: truncation dominates the first, rounding the last. */
const steps = [3e-2, 1e-2, 3e-3, 1e-3];

/**
 * Compares the gradient and the Hessian-vector product of `f` with central differences along a
 * random direction. Differences in float32 are good to about three digits at the best of several
 * step sizes, which is the one that counts; a wrong derivative is wrong at all of them.
 */
export function derivativeErrors(f: ScalarFunction, params: Params, seed = 1): DerivativeErrors {
  return tf.tidy(() => {
    const direction = unitDirection(params, seed);
    const { gradients } = valueAndGradients(f, params);
    const slope = read(dotParams(gradients, direction));
    const product = hessianVectorProduct(f, params, direction);
    const size = read(globalNorm(params));
    const at = (distance: number) =>
      mapParams((p, d) => tf.add(p, tf.mul(d, distance)), params, direction);

    const errors = steps.map((step) => {
      const h = step * size;
      const [ahead, behind] = [at(h), at(-h)];
      const difference = (read(f(ahead)) - read(f(behind))) / (2 * h);
      const change = mapParams(
        (a, b) => tf.div(tf.sub(a, b), 2 * h),
        valueAndGradients(f, ahead).gradients,
        valueAndGradients(f, behind).gradients,
      );
      const distance = globalNorm(mapParams((a, b) => tf.sub(a, b), product, change));
      return {
        gradient: Math.abs(difference - slope) / read(globalNorm(gradients)),
        hvp: read(distance) / Math.max(read(globalNorm(change)), Number.MIN_VALUE),
      };
    });
    return {
      gradient: Math.min(...errors.map((error) => error.gradient)),
      hvp: Math.min(...errors.map((error) => error.hvp)),
    };
  });
}

/** A random direction of length 1. */
export function unitDirection(params: Params, seed: number): Params {
  return tf.tidy(() => {
    const direction = Object.fromEntries(
      Object.entries(params).map(([name, { shape, size }]) => {
        const random = randomFor(seed, "direction", name);
        const values = Float32Array.from({ length: size }, () => random.normal());
        return [name, tf.tensor(values, shape)];
      }),
    );
    const norm = globalNorm(direction);
    return mapParams((d) => tf.div(d, norm), direction) as Record<string, tf.Tensor>;
  });
}

function read(scalar: tf.Tensor): number {
  return Number(scalar.dataSync()[0]);
}
