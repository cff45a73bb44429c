import * as tf from "@tensorflow/tfjs";
import { MetaError } from "../errors.js";
import { counted } from "../text/counted.js";
import type { Batch } from "./batch.js";

/** A token sequence whose tail is scored; the tokens before are only read. */
export interface TokenSequence {
  readonly ids: readonly number[];
  /** Index of the first scored token; `ids.length` if none is scored. */
  readonly scoredFrom: number;
}

/**
 * Token sequences as tensors, padded on the right. Scored positions are listed, so that the
 * language-model head runs only there.
 */
export interface TokenBatch extends Readonly<Record<string, tf.Tensor>> {
  /** `[batch, time]`, int32; padding is 0, on the right, where causal attention never looks. */
  readonly inputIds: tf.Tensor2D;
  /** `[scored]`, int32: index into the flattened `[batch * time]` that predicts each scored token. */
  readonly scoredPositions: tf.Tensor1D;
  /**
   * `[batch, queries]`, int32: times at which a row predicts its scored tokens, padded with zeros. A
   * model's last block needs queries at these times only.
   */
  readonly queryTimes: tf.Tensor2D;
  /** `[scored]`, int32: index into the flattened `[batch * queries]` that predicts each scored token. */
  readonly scoredQueries: tf.Tensor1D;
  /** `[scored]`, int32: ids of the scored tokens, the labels of the loss. */
  readonly scoredIds: tf.Tensor1D;
  /**
   * `[scored]`, float32: 1 / (scored tokens of its sequence * sequences of the batch). The loss is the sum
   * of token losses times these weights. Slices of a batch keep the weights, so that their losses add up
   * to the loss of the batch.
   */
  readonly scoredWeights: tf.Tensor1D;
}

/** Index of the first scored token, at least 1: the first token of a sequence is never predicted. */
export function firstScored({ scoredFrom }: TokenSequence): number {
  return Math.max(scoredFrom, 1);
}

/** Number of scored tokens of a sequence. */
export function scoredCount(sequence: TokenSequence): number {
  return sequence.ids.length - firstScored(sequence);
}

/** Sizes to which a batch is padded. @default the smallest that hold the sequences */
export interface BatchSizes {
  /** Number of sequences, empty ones included. */
  readonly rows?: number;
  /** Tokens per sequence. */
  readonly time?: number;
  /** Scored positions of a sequence. */
  readonly queries?: number;
  /** Scored positions of all sequences. */
  readonly scored?: number;
}

/**
 * Builds the tensors of a batch.
 *
 * The loss of a batch is the mean over sequences of each sequence's mean over scored tokens (Min et al.
 * 2022, section 3.1, as their published code computes it), not the mean over all tokens. Padding does not
 * change it: empty rows do not count as sequences, and padded scored positions have weight 0.
 *
 * @throws MetaError `BAD_DATA` for no sequences, or a sequence without a scored token; `SHAPE_MISMATCH`
 *   when the sequences do not fit into `sizes`
 */
export function tokenBatch(
  sequences: readonly TokenSequence[],
  sizes: BatchSizes = {},
): TokenBatch {
  if (sequences.length === 0) {
    throw new MetaError("BAD_DATA", "A batch needs at least one token sequence.");
  }
  const chosen = {
    rows: sizeFor("sequences", sequences.length, sizes.rows),
    time: sizeFor("tokens per sequence", longest(sequences), sizes.time),
    queries: sizeFor("scored tokens per sequence", mostScored(sequences), sizes.queries),
    scored: sizeFor("scored tokens", scoredTotal(sequences), sizes.scored),
  };
  const { time, queries } = chosen;
  const values = tokenBatchValues(chosen);
  let next = 0;
  sequences.forEach((sequence, row) => {
    values.inputIds.set(sequence.ids, row * time);
    const count = scoredCount(sequence);
    if (count < 1) {
      throw new MetaError(
        "BAD_DATA",
        `Sequence ${row} of the batch (${counted(sequence.ids.length, "token")}) has no scored token after its first one.`,
      );
    }
    for (let query = 0; query < count; query++, next++) {
      const t = sequence.ids.length - count + query;
      const slot = row * queries + query;
      values.queryTimes[slot] = t - 1;
      values.scoredPositions[next] = row * time + t - 1;
      values.scoredQueries[next] = slot;
      values.scoredIds[next] = sequence.ids[t] as number;
      values.scoredWeights[next] = 1 / (count * sequences.length);
    }
  });
  return tokenBatchOf(values, chosen);
}

/** Zero-filled arrays for a batch's tensors, in row-major order; 0 is padding. */
export function tokenBatchValues({ rows, time, queries, scored }: Required<BatchSizes>) {
  return {
    inputIds: new Int32Array(rows * time),
    scoredPositions: new Int32Array(scored),
    queryTimes: new Int32Array(rows * queries),
    scoredQueries: new Int32Array(scored),
    scoredIds: new Int32Array(scored),
    scoredWeights: new Float32Array(scored),
  };
}

/** Makes tensors of filled {@link tokenBatchValues}. */
export function tokenBatchOf(
  values: ReturnType<typeof tokenBatchValues>,
  { rows, time, queries }: Required<BatchSizes>,
): TokenBatch {
  return {
    inputIds: tf.tensor2d(values.inputIds, [rows, time], "int32"),
    scoredPositions: tf.tensor1d(values.scoredPositions, "int32"),
    queryTimes: tf.tensor2d(values.queryTimes, [rows, queries], "int32"),
    scoredQueries: tf.tensor1d(values.scoredQueries, "int32"),
    scoredIds: tf.tensor1d(values.scoredIds, "int32"),
    scoredWeights: tf.tensor1d(values.scoredWeights, "float32"),
  };
}

/**
 * Builds a batch in one of few shapes, for engines that compile a function once per shape: padded to the
 * next of `lengths`, with the number of scored positions rounded up to a power of two, of at least 8 and
 * at least one in 32 tokens, below which more shapes would save next to nothing. A sequence longer than
 * all `lengths` keeps its length.
 *
 * @param lengths lengths in tokens, ascending
 */
export function bucketedTokenBatch(
  sequences: readonly TokenSequence[],
  lengths: readonly number[],
): TokenBatch {
  const needed = longest(sequences);
  const time = lengths.find((length) => length >= needed) ?? needed;
  const least = Math.max(8, (time * sequences.length) / 32, scoredTotal(sequences));
  const scored = powerOfTwo(least);
  const queries = Math.max(Math.ceil(scored / sequences.length), powerOfTwo(mostScored(sequences)));
  return tokenBatch(sequences, { time, queries, scored });
}

/** Narrows a batch to a {@link TokenBatch}: it has exactly its tensors. */
export function isTokenBatch(batch: Batch): batch is TokenBatch {
  const names = Object.keys(batch);
  return names.length === tensorNames.size && names.every((name) => tensorNames.has(name));
}

const tensorNames: ReadonlySet<string> = new Set([
  "inputIds",
  "scoredPositions",
  "queryTimes",
  "scoredQueries",
  "scoredIds",
  "scoredWeights",
]);

function longest(sequences: readonly TokenSequence[]): number {
  return Math.max(...sequences.map(({ ids }) => ids.length));
}

function mostScored(sequences: readonly TokenSequence[]): number {
  return Math.max(0, ...sequences.map(scoredCount));
}

function scoredTotal(sequences: readonly TokenSequence[]): number {
  return sequences.reduce((sum, sequence) => sum + Math.max(0, scoredCount(sequence)), 0);
}

/** Smallest power of two of at least `least`. */
function powerOfTwo(least: number): number {
  return 2 ** Math.ceil(Math.log2(least));
}

function sizeFor(what: string, needed: number, size = needed): number {
  if (size >= needed) return size;
  throw new MetaError(
    "SHAPE_MISMATCH",
    `A batch padded to ${size} ${what} was asked for, but it has ${needed}.`,
  );
}
