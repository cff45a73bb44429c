import * as tf from "@tensorflow/tfjs";
import type { Batch } from "../batch/batch.js";
import { batchRows, sliceBatch } from "../batch/sliceBatch.js";
import type { LossAndGradients, Objective } from "../contracts/objective.js";
import { MetaError } from "../errors.js";
import { tidy } from "../tidy.js";
import { linearized } from "./linearized.js";
import { addGradients, scaleGradients } from "./lossAndGradients.js";

/**
 * The same objective in the memory that part of a batch needs: batches of more than `most` examples
 * are cut into parts whose sizes differ by one at most, and what is found for them one after the
 * other is added up. Losses, gradients and Hessian-vector products are linear in the loss, so that
 * the sums are those of the whole batch.
 *
 * @throws MetaError `BAD_OPTION` when `most` is below 1; its functions throw `SHAPE_MISMATCH` for a
 *   batch that cannot be cut
 */
export function inMicroBatches<B extends Batch>(
  objective: Objective<B>,
  most: number,
): Objective<B> {
  if (!Number.isInteger(most) || most < 1) {
    throw new MetaError(
      "BAD_OPTION",
      `microBatch must be a whole number of at least 1, but is ${most}.`,
    );
  }
  const split: Objective<B> = {
    loss: (params, batch) =>
      total(batch, most, (part) => ({ loss: objective.loss(params, part), gradients: {} })).loss,
    gradient: (params, batch, names) =>
      total(batch, most, (part) => objective.gradient(params, part, names)),
    hvp: (params, batch, vector) =>
      tidy(() => {
        const product = (part: B) => objective.hvp(params, part, vector);
        return total(batch, most, (part) => ({ loss: tf.scalar(0), gradients: product(part) }))
          .gradients;
      }),
    // What the parts would keep together is what micro-batches are to avoid.
    linearize: (params, batch, names) => linearized(split, params, batch, names),
    sharesWork: false,
    compile: objective.compile,
  };
  return split;
}

/** The sum of what `f` finds for the parts of a batch, each of which is freed before the next. */
function total<B extends Batch>(
  batch: B,
  most: number,
  f: (part: B) => LossAndGradients,
): LossAndGradients {
  const rows = batchRows(batch);
  if (rows <= most) return f(batch);
  const parts = Math.ceil(rows / most);
  const startOf = (part: number) => Math.floor((part * rows) / parts);
  return tidy(() => {
    const find = (part: number) =>
      tidy(() => {
        const start = startOf(part);
        const slice = sliceBatch(batch, start, startOf(part + 1) - start);
        const found = f(slice.batch as B);
        return slice.weight === 1 ? found : scaleGradients(found, slice.weight);
      });
    let sum = find(0);
    for (let part = 1; part < parts; part++) sum = addGradients(sum, find(part));
    return sum;
  });
}
