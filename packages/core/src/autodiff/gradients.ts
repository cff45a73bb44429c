import * as tf from "@tensorflow/tfjs";
import { MetaError } from "../errors.js";
import { dotParams, globalNorm, mapParams, type Params, tensorNamed } from "../params.js";
import { namingOperations } from "./namingOperations.js";
import { registerSecondOrderGradients } from "./secondOrderGradients.js";

/** A differentiable function of named tensors that returns a scalar. */
export type ScalarFunction = (params: Params) => tf.Scalar;

/**
 * Value and gradient of `f` at `params`, by reverse-mode differentiation. Calls may be nested. The
 * gradient of a tensor that `f` does not use is zero.
 *
 * @param names tensors to differentiate by. @default all of `params`
 * @returns `value`, a scalar, and `gradients`, shaped like the named tensors
 * @throws MetaError `UNKNOWN_NAME` when a name is not in `params`; `SHAPE_MISMATCH` when `f` does not
 *   return a scalar; `NOT_DIFFERENTIABLE` when an operation of `f` has no gradient
 */
export function valueAndGradients(
  f: ScalarFunction,
  params: Params,
  names: readonly string[] = Object.keys(params),
): { value: tf.Scalar; gradients: Params } {
  registerSecondOrderGradients();
  const inputs = names.map((name) => tensorNamed(params, name));
  const { value, grads } = namingOperations(
    () => scalar(f(params)),
    (forward) => tf.engine().gradients(forward, inputs, undefined, true),
  );
  const gradients = names.map((name, i) => [
    name,
    // TensorFlow.js gives undefined for an input that the value does not depend on.
    (grads[i] as tf.Tensor | undefined) ?? tf.zerosLike(inputs[i] as tf.Tensor),
  ]);
  return { value: value as tf.Scalar, gradients: Object.fromEntries(gradients) };
}

/**
 * Hessian-vector product (HVP) of `f` at `params`, exact, by reverse-over-reverse differentiation.
 *
 * @param vector names and shapes as in `params`; missing tensors count as zero
 * @returns names and shapes of `params`
 * @throws MetaError `NOT_DIFFERENTIABLE` when an operation of `f` has no second derivative
 */
export function hessianVectorProduct(f: ScalarFunction, params: Params, vector: Params): Params {
  const names = Object.keys(vector);
  return tf.tidy(() => {
    const slope: ScalarFunction = (p) =>
      dotParams(vector, valueAndGradients(f, p, names).gradients);
    return valueAndGradients(slope, params).gradients as Record<string, tf.Tensor>;
  });
}

/**
 * Hessian-vector product by a central difference of two gradients, at `params ± h * vector / |vector|`.
 * Needs no second derivative and only the memory of one gradient. Its relative error in float32 is
 * about 1e-4 (measured on GPT-2), that of the exact product 1e-6.
 *
 * @param stepSize h relative to the norm of `params`. The default balances truncation, which grows
 *   as h squared, against float32 rounding, which grows as 1 / h.
 * @returns names and shapes of `params`
 */
export function finiteDifferenceHvp(
  f: ScalarFunction,
  params: Params,
  vector: Params,
  stepSize = 1e-3,
): Params {
  const gradient = (at: Params) => valueAndGradients(f, at).gradients;
  return differenceOfGradients(gradient, params, vector, stepSize);
}

/** `finiteDifferenceHvp` for a function given by its gradient. */
export function differenceOfGradients(
  gradient: (params: Params) => Params,
  params: Params,
  vector: Params,
  stepSize = 1e-3,
): Params {
  return tf.tidy(() => {
    // h / |vector|, and 0 for a zero vector, whose product is zero.
    const step = tf.divNoNan(tf.mul(globalNorm(params), stepSize), globalNorm(vector));
    const gradientAt = (sign: number) => {
      const scale = tf.mul(step, sign);
      const shifted = Object.fromEntries(
        Object.entries(params).map(([name, tensor]) => {
          const direction = vector[name];
          return [name, direction ? tf.add(tensor, tf.mul(direction, scale)) : tensor];
        }),
      );
      return gradient(shifted);
    };
    const width = tf.mul(step, 2);
    return mapParams(
      (ahead, behind) => tf.divNoNan(tf.sub(ahead, behind), width),
      gradientAt(1),
      gradientAt(-1),
    ) as Record<string, tf.Tensor>;
  });
}

function scalar(value: tf.Tensor): tf.Scalar {
  if (value.size !== 1 || value.rank !== 0) {
    throw new MetaError(
      "SHAPE_MISMATCH",
      `Expected the function to differentiate to return a scalar, got shape [${value.shape}]. Reduce it, for example with tf.mean.`,
    );
  }
  return value as tf.Scalar;
}
