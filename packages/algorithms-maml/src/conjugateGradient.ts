import {
  disposeParams,
  dotParams,
  mapParams,
  type Params,
  tidy,
  zerosLikeParams,
} from "@metalearn/core";
import * as tf from "@tensorflow/tfjs";

/**
 * Solves `A x = b` approximately, from `x = 0`, for a symmetric positive definite `A`. Once the residual is
 * zero, further steps change nothing.
 *
 * Source: Hestenes and Stiefel 1952, section 3.
 *
 * @param multiply computes `A v`
 */
export function conjugateGradient(
  multiply: (v: Params) => Params,
  b: Params,
  steps: number,
): Params {
  return tidy(() => {
    let x = zerosLikeParams(b);
    let residual = b;
    let direction = b;
    for (let i = 0; i < steps; i++) {
      const before = { x, residual, direction };
      ({ x, residual, direction } = tidy(() => {
        const image = multiply(direction);
        const size = dotParams(residual, residual);
        const along = plus(tf.divNoNan(size, dotParams(direction, image)));
        const next = along(residual, image, -1);
        const turn = plus(tf.divNoNan(dotParams(next, next), size));
        return {
          x: along(x, direction),
          residual: next,
          direction: turn(next, direction),
        };
      }));
      // the caller owns b
      for (const used of Object.values(before)) if (used !== b) disposeParams(used);
    }
    return x;
  });
}

/** `a + sign * scale * b` */
function plus(scale: tf.Tensor) {
  return (a: Params, b: Params, sign = 1) =>
    mapParams((a, b) => tf.add(a, tf.mul(b, tf.mul(scale, sign))), a, b);
}
