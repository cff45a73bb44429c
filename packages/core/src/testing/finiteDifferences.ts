import * as tf from "@tensorflow/tfjs";
import {
  hessianVectorProduct,
  type ScalarFunction,
  valueAndGradients,
} from "../autodiff/gradients.js";
import { unitDirection } from "../autodiff/unitDirection.js";
import { dotParams, globalNorm, mapParams, type Params } from "../params.js";

/** Relative errors of derivatives, compared with central differences. */
export interface DerivativeErrors {
  /** Error of the gradient; see {@link slopeError}. */
  readonly gradient: number;
  /** Error of the Hessian-vector product with a random direction, in the L2 norm. */
  readonly hvp: number;
}

/** Step sizes relative to the norm of the parameters. Truncation dominates the first, rounding the last. */
const steps = [3e-2, 1e-2, 3e-3, 1e-3];

/**
 * Compares the gradient and the Hessian-vector product of `f` with central differences. In float32, these
 * are accurate to about three digits at the best of several step sizes, which is the one reported; a wrong
 * derivative is wrong at every step size.
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
 * Relative error of `gradients` against the slope of `valueAt`, along the mean of their own direction,
 * which reveals a wrong length, and a random one, which reveals a wrong direction.
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

/** Computes `params + distance * direction`. */
export function moved(params: Params, direction: Params, distance: number): Params {
  return mapParams((p, d) => tf.add(p, tf.mul(d, distance)), params, direction);
}

function read(scalar: tf.Tensor): number {
  return Number(scalar.dataSync()[0]);
}
