import { hessianVectorProduct, type Params } from "@metalearn/core";
import { type DerivativeErrors, derivativeErrors, unitDirection } from "@metalearn/core/testing";
import * as tf from "@tensorflow/tfjs";
import { type Case, valuesOf } from "./operation.js";

/** How far gradient and Hessian of a case are from finite differences, relative to their norms. */
export function errorsOf(given: Case): DerivativeErrors {
  const { f, params } = problemOf(given);
  return derivativeErrors(f, params);
}

/** Differentiates a case twice. */
export function differentiateTwice(given: Case): void {
  const { f, params } = problemOf(given);
  tf.tidy(() => void hessianVectorProduct(f, params, unitDirection(params, 1)));
}

/** A curved scalar of the case's outputs, so that no path through them has derivative zero. */
export function problemOf({ f, inputs }: Case) {
  const params = Object.fromEntries(inputs.map((input, i) => [`x${i}`, valuesOf(input, 0.13 * i)]));
  const scalar = (p: Params): tf.Scalar => {
    // Inputs that are made on the way, as most are: they are freed before the way back.
    const made = f(...(Object.values(p).map((x) => tf.mul(x, 1)) as never[]));
    const outputs = Array.isArray(made) ? (made as tf.Tensor[]) : [made as tf.Tensor];
    return tf.addN(outputs.map(curved)) as tf.Scalar;
  };
  return { f: scalar, params };
}

function curved(output: tf.Tensor, i: number): tf.Tensor {
  const weights = valuesOf({ shape: output.shape, from: 0.4, to: 1.3 }, 0.29 * (i + 1));
  return tf.sum(tf.mul(tf.add(output, tf.square(output)), weights));
}
