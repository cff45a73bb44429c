import * as tf from "@tensorflow/tfjs";
import type { Batch } from "../batch/batch.js";
import { batchRows, sliceBatch } from "../batch/sliceBatch.js";
import type { LossAndGradients, Objective } from "../contracts/objective.js";
import { tidy } from "../tidy.js";
import { linearized } from "./linearized.js";
import { addGradients, scaleGradients } from "./lossAndGradients.js";

/**
 * Splits batches of more than `most` examples into micro-batches, whose sizes differ by at most one, and
 * adds up their results. Losses, gradients and Hessian-vector products are linear in the loss, so that the
 * sums equal those of the whole batch, in the memory of one micro-batch.
 *
 * The objective's functions throw the MetaError `SHAPE_MISMATCH` for a batch that cannot be split.
 *
 * @param most at least 1
 */
export function inMicroBatches<B extends Batch>(
  objective: Objective<B>,
  most: number,
): Objective<B> {
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
    // Nothing is cached for later products: that cache is the memory that micro-batches save.
    linearize: (params, batch, names) => linearized(split, params, batch, names),
    sharesWork: false,
    compile: objective.compile,
  };
  return split;
}

/** Sums the results of `f` over micro-batches; each micro-batch is freed before the next. */
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
