import * as tf from "@tensorflow/tfjs";
import { addInto, meanParams, type Params } from "./params.js";

/** A loss and its gradient. */
export interface LossAndGradients {
  readonly loss: tf.Scalar;
  readonly gradients: Params;
}

/** The sum of two losses and of their gradients, which are freed. */
export function addGradients(sum: LossAndGradients, more: LossAndGradients): LossAndGradients {
  const { loss } = addInto({ loss: sum.loss }, { loss: more.loss });
  return { loss: loss as tf.Scalar, gradients: addInto(sum.gradients, more.gradients) };
}

/** The means over parts of equal weight: batches of a query, or tasks of a meta-batch. */
export function meanGradient(parts: readonly LossAndGradients[]): LossAndGradients {
  return {
    loss: tf.mean(tf.stack(parts.map(({ loss }) => loss))) as tf.Scalar,
    gradients: meanParams(parts.map(({ gradients }) => gradients)),
  };
}
