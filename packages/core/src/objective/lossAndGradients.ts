import * as tf from "@tensorflow/tfjs";
import type { LossAndGradients } from "../contracts/objective.js";
import { MetaError } from "../errors.js";
import { addInto, mapParams } from "../params.js";

/** Multiplies a loss and its gradient by a number; the inputs are freed. */
export function scaleGradients(
  { loss, gradients }: LossAndGradients,
  by: number,
): LossAndGradients {
  const scaled = (tensor: tf.Tensor) => {
    const product = tf.mul(tensor, by);
    tensor.dispose();
    return product;
  };
  return { loss: scaled(loss) as tf.Scalar, gradients: mapParams(scaled, gradients) };
}

/** Adds two losses and their gradients; the inputs are freed. */
export function addGradients(sum: LossAndGradients, more: LossAndGradients): LossAndGradients {
  const { loss } = addInto({ loss: sum.loss }, { loss: more.loss });
  return { loss: loss as tf.Scalar, gradients: addInto(sum.gradients, more.gradients) };
}

/**
 * Mean loss and gradient over items of equal weight, such as the tasks of a meta-batch. Each gradient is
 * added to the sum and freed before the next is computed: a gradient is as large as the model.
 *
 * @example meanGradient(episodes, ({ query }) => objective.gradient(params, query))
 * @throws MetaError `BAD_OPTION` for no items
 */
export function meanGradient<T>(
  items: readonly T[],
  gradientOf: (item: T) => LossAndGradients,
): LossAndGradients {
  let sum: LossAndGradients | undefined;
  for (const item of items) {
    const { loss, gradients } = gradientOf(item);
    sum = sum ? addGradients(sum, { loss, gradients }) : { loss, gradients };
  }
  if (!sum) throw new MetaError("BAD_OPTION", "meanGradient needs at least one gradient.");
  return items.length === 1 ? sum : scaleGradients(sum, 1 / items.length);
}
