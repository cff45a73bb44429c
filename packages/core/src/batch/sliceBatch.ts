import * as tf from "@tensorflow/tfjs";
import { MetaError } from "../errors.js";
import type { Batch } from "./batch.js";
import { isOptionBatch } from "./optionBatch.js";
import { isTokenBatch, type TokenBatch } from "./tokenBatch.js";

/** A slice of a batch along its examples. */
export interface BatchSlice {
  readonly batch: Batch;
  /** Factor of the slice's loss, with which the losses of all slices add up to the batch's. */
  readonly weight: number;
}

/**
 * Number of examples into which a batch can be sliced: its sequences, or the first axis that all its
 * tensors share; 1 for a batch with options.
 *
 * @throws MetaError `SHAPE_MISMATCH` when the tensors share no first axis
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

/** Slices `count` examples out of a batch, from `start` on. The caller owns the tensors. */
export function sliceBatch(batch: Batch, start: number, count: number): BatchSlice {
  // Tokens keep the weights that they have in the whole batch.
  if (isTokenBatch(batch)) return { batch: sliceTokens(batch, start, count), weight: 1 };
  const slices = Object.entries(batch).map(([name, tensor]) => [
    name,
    tf.slice(tensor, start, count),
  ]);
  return { batch: Object.fromEntries(slices), weight: count / batchRows(batch) };
}

/**
 * Slices sequences out of a token batch; tokens keep their weights. The shapes depend only on `count` and
 * the batch's shapes, not on which positions are scored, so that few shapes are compiled.
 */
function sliceTokens(batch: TokenBatch, start: number, count: number): TokenBatch {
  const [, time] = batch.inputIds.shape;
  const [, queries] = batch.queryTimes.shape;
  const positions = batch.scoredPositions.dataSync();
  const weights = batch.scoredWeights.dataSync();
  const [firstPosition, endPosition] = [start * time, (start + count) * time];
  const own = [...positions.keys()].filter((i) => {
    const position = positions[i] as number;
    // Padding has weight 0 and a position in the first sequence.
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
