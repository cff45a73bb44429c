import * as tf from "@tensorflow/tfjs";
import type { LossAndGradients } from "../contracts/objective.js";
import { MetaError } from "../errors.js";
import { addInto, mapParams } from "../params.js";

/** A loss and its gradient times a number; they are freed. */
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

/** The sum of two losses and of their gradients, which are freed. */
export function addGradients(sum: LossAndGradients, more: LossAndGradients): LossAndGradients {
  const { loss } = addInto({ loss: sum.loss }, { loss: more.loss });
  return { loss: loss as tf.Scalar, gradients: addInto(sum.gradients, more.gradients) };
}

/**
 * The means over items of equal weight: batches of a query, or tasks of a meta-batch. What is found
 * for one is added to a sum, and freed, before the next is asked for: gradients are as large as a model.
 *
 * @example meanGradient(episodes, ({ query }) => objective.gradient(params, query))
 * @throws MetaError `BAD_OPTION` when there is no item
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
