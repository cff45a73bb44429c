import * as tf from "@tensorflow/tfjs";
import {
  hessianVectorProduct,
  type ScalarFunction,
  valueAndGradients,
} from "../autodiff/gradients.js";
import { unitDirection } from "../autodiff/unitDirection.js";
import { dotParams, globalNorm, mapParams, type Params } from "../params.js";

/** How far derivatives are from central differences, relative to their size. */
export interface DerivativeErrors {
  /** Of the gradient, as {@link slopeError} has it. */
  readonly gradient: number;
  /** Of the Hessian times a random direction, in the L2 norm. */
  readonly hvp: number;
}

/** Steps as shares of the norm of the parameters: truncation dominates the first, rounding the last. */
const steps = [3e-2, 1e-2, 3e-3, 1e-3];

/**
 * Compares the gradient and the Hessian-vector product of `f` with central differences. Differences in float32 are good to about three digits at the best of several
 * step sizes, which is the one that counts; a wrong derivative is wrong at all of them.
 */
export function derivativeErrors(f: ScalarFunction, params: Params, seed = 1): DerivativeErrors {
  return tf.tidy(() => {
    const { gradients } = valueAndGradients(f, params);
    const direction = unitDirection(params, seed);
    const product = hessianVectorProduct(f, params, direction);
    const gradientAt = (p: Params) => valueAndGradients(f, p).gradients;
    const errors = steps.map((step) => {
      const h = step * read(globalNorm(params));
      const change = mapParams(
        (a, b) => tf.div(tf.sub(a, b), 2 * h),
        gradientAt(moved(params, direction, h)),
        gradientAt(moved(params, direction, -h)),
      );
      const distance = globalNorm(mapParams((a, b) => tf.sub(a, b), product, change));
      return read(distance) / Math.max(read(globalNorm(change)), Number.MIN_VALUE);
    });
    return {
      gradient: slopeError((p) => read(f(p)), params, gradients, seed),
      hvp: Math.min(...errors),
    };
  });
}

/**
 * How far `gradients` are from those of `valueAt`, relative to their norm, along a direction that is
 * half theirs and half random: along theirs a wrong length shows, along the other a wrong direction.
 */
export function slopeError(
  valueAt: (params: Params) => number,
  params: Params,
  gradients: Params,
  seed: number,
): number {
  return tf.tidy(() => {
    const length = globalNorm(gradients);
    const direction = mapParams(
      (random, g) => tf.mul(tf.add(random, tf.divNoNan(g, length)), Math.SQRT1_2),
      unitDirection(params, seed),
      gradients,
    );
    const slope = read(dotParams(gradients, direction));
    const size = read(globalNorm(params));
    const errors = steps.map((step) => {
      const h = step * size;
      const [ahead, behind] = [h, -h].map((at) => valueAt(moved(params, direction, at)));
      return Math.abs((Number(ahead) - Number(behind)) / (2 * h) - slope);
    });
    return Math.min(...errors) / Math.max(read(length), Number.MIN_VALUE);
  });
}

/** `params + distance * direction` */
export function moved(params: Params, direction: Params, distance: number): Params {
  return mapParams((p, d) => tf.add(p, tf.mul(d, distance)), params, direction);
}

function read(scalar: tf.Tensor): number {
  return Number(scalar.dataSync()[0]);
}
