import * as tf from "@tensorflow/tfjs";
import { MetaError } from "./errors.js";
import { addInto, mapParams, type Params } from "./params.js";

/** A loss and its gradient. */
export interface LossAndGradients {
  readonly loss: tf.Scalar;
  readonly gradients: Params;
}

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
 * The means over parts of equal weight: batches of a query, or tasks of a meta-batch. Each part is
 * added to a sum as it comes, and freed: where `parts` is a generator, no more than one is in memory.
 *
 * @throws MetaError `BAD_OPTION` when there is none
 */
export function meanGradient(parts: Iterable<LossAndGradients>): LossAndGradients {
  let sum: LossAndGradients | undefined;
  let count = 0;
  for (const { loss, gradients } of parts) {
    sum = sum ? addGradients(sum, { loss, gradients }) : { loss, gradients };
    count++;
  }
  if (!sum) throw new MetaError("BAD_OPTION", "meanGradient needs at least one gradient.");
  return count === 1 ? sum : scaleGradients(sum, 1 / count);
}
