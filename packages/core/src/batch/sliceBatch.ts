import * as tf from "@tensorflow/tfjs";
import { MetaError } from "../errors.js";
import type { Batch } from "./batch.js";
import { isOptionBatch } from "./optionBatch.js";
import { isTokenBatch, type TokenBatch } from "./tokenBatch.js";

/** Some examples of a batch: a batch themselves. */
export interface BatchSlice {
  readonly batch: Batch;
  /** What its loss is to be multiplied by, so that those of all slices add up to the whole batch's. */
  readonly weight: number;
}

/**
 * The number of examples that a batch can be cut into: its sequences, or the first axis that all its
 * tensors share. A batch with options is not cut.
 *
 * @throws MetaError `SHAPE_MISMATCH` when they share none
 */
export function batchRows(batch: Batch): number {
  if (isTokenBatch(batch)) return batch.inputIds.shape[0];
  if (isOptionBatch(batch)) return 1; // its rows belong together
  const tensors = Object.entries(batch);
  const rows = tensors[0]?.[1].shape[0];
  if (rows !== undefined && tensors.every(([, { shape }]) => shape[0] === rows)) return rows;
  const shapes = tensors.map(([name, { shape }]) => `${name} [${shape}]`).join(", ");
  throw new MetaError(
    "SHAPE_MISMATCH",
    `microBatch splits batches along the first axis of their tensors, which must be the same for all, but a batch has ${shapes || "no tensors"}. Leave microBatch out.`,
  );
}

/** The `count` examples of a batch from `start` on. The caller owns the tensors. */
export function sliceBatch(batch: Batch, start: number, count: number): BatchSlice {
  // Its weights are those of the whole batch already.
  if (isTokenBatch(batch)) return { batch: sliceTokens(batch, start, count), weight: 1 };
  const slices = Object.entries(batch).map(([name, tensor]) => [
    name,
    tf.slice(tensor, start, count),
  ]);
  return { batch: Object.fromEntries(slices), weight: count / batchRows(batch) };
}

/**
 * Some sequences of a batch, with the weights that their tokens have in it. The shapes follow from
 * `count` and those of the batch, whatever is scored, so that few of them are compiled.
 */
function sliceTokens(batch: TokenBatch, start: number, count: number): TokenBatch {
  const [, time] = batch.inputIds.shape;
  const [, queries] = batch.queryTimes.shape;
  const positions = batch.scoredPositions.dataSync();
  const weights = batch.scoredWeights.dataSync();
  const [firstPosition, endPosition] = [start * time, (start + count) * time];
  const own = [...positions.keys()].filter((i) => {
    const position = positions[i] as number;
    // What only fills up has no weight, and a place in the first sequence.
    return weights[i] !== 0 && position >= firstPosition && position < endPosition;
  });
  const scored = Math.max(own.length, Math.min(count * queries, positions.length));
  const values = (source: tf.TypedArray, from = 0) => {
    const kept = Array.from(own, (i) => (source[i] as number) - from);
    return [...kept, ...new Array<number>(scored - own.length).fill(0)];
  };
  return {
    inputIds: tf.slice(batch.inputIds, [start, 0], [count, time]),
    scoredPositions: tf.tensor1d(values(positions, firstPosition), "int32"),
    queryTimes: tf.slice(batch.queryTimes, [start, 0], [count, queries]),
    scoredQueries: tf.tensor1d(values(batch.scoredQueries.dataSync(), start * queries), "int32"),
    scoredIds: tf.tensor1d(values(batch.scoredIds.dataSync()), "int32"),
    scoredWeights: tf.tensor1d(values(weights), "float32"),
  };
}
