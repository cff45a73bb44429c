import { hessianVectorProduct, type Params } from "@metalearn/core";
import { type DerivativeErrors, derivativeErrors, unitDirection } from "@metalearn/core/testing";
import * as tf from "@tensorflow/tfjs";
import { type Case, valuesOf } from "./operation.js";

/** Distances of gradient and Hessian of a case from finite differences, relative to their norms. */
export function errorsOf(given: Case): DerivativeErrors {
  return derivativeErrors(scalarOf(given), paramsOf(given));
}

/** The Hessian of a case times a direction. */
export function hessian(given: Case): Params {
  const params = paramsOf(given);
  return hessianVectorProduct(scalarOf(given), params, unitDirection(params, 1));
}

/** The numbers of {@link hessian}. */
export function productOf(given: Case): number[] {
  return tf.tidy(() => valuesIn(hessian(given)));
}

/** All elements, one tensor after the other. */
export function valuesIn(params: Params): number[] {
  return Object.values(params).flatMap((tensor) => Array.from(tensor.dataSync()));
}

function paramsOf({ inputs }: Case): Params {
  return Object.fromEntries(inputs.map((input, i) => [`x${i}`, valuesOf(input, 0.13 * i)]));
}

/** A curved scalar of the case's outputs, so that no path through them has derivative zero. */
function scalarOf({ f }: Case): (params: Params) => tf.Scalar {
  return (params) => {
    // Inputs that are made on the way, as most are: they are freed before the way back.
    const made = f(...(Object.values(params).map((x) => tf.mul(x, 1)) as never[]));
    const outputs = Array.isArray(made) ? (made as tf.Tensor[]) : [made as tf.Tensor];
    return tf.addN(outputs.map(curved)) as tf.Scalar;
  };
}

function curved(output: tf.Tensor, i: number): tf.Tensor {
  const weights = valuesOf({ shape: output.shape, from: 0.4, to: 1.3 }, 0.29 * (i + 1));
  return tf.sum(tf.mul(tf.add(output, tf.square(output)), weights));
}
