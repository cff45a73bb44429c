import * as tf from "@tensorflow/tfjs";
import { MetaError } from "../errors.js";
import type { Batch } from "./batch.js";

/** A token sequence of which the tail is scored: what comes before is only read. */
export interface TokenSequence {
  readonly ids: readonly number[];
  /** Index of the first scored token; `ids.length` when nothing is scored. */
  readonly scoredFrom: number;
}

/**
 * Token sequences as tensors, padded on the right. Only the positions that count are listed, so
 * that the language-model head runs nowhere else.
 */
export interface TokenBatch extends Readonly<Record<string, tf.Tensor>> {
  /** `[batch, time]`, int32; padding is 0 and cannot be seen from real positions. */
  readonly inputIds: tf.Tensor2D;
  /** `[scored]`, int32: where in the flattened `[batch * time]` each scored token is predicted. */
  readonly scoredPositions: tf.Tensor1D;
  /**
   * `[batch, queries]`, int32: the times at which a row predicts its scored tokens, followed by
   * zeros where other rows have more. A model's last layer needs to look back from there alone.
   */
  readonly queryTimes: tf.Tensor2D;
  /** `[scored]`, int32: where in the flattened `[batch * queries]` each scored token is predicted. */
  readonly scoredQueries: tf.Tensor1D;
  /** `[scored]`, int32: the token that should have been predicted there. */
  readonly scoredIds: tf.Tensor1D;
  /**
   * `[scored]`, float32: 1 / (tokens scored in its sequence * sequences in the batch). A model's loss
   * is the sum of the tokens' losses times these, so that parts of a batch, which keep the weights
   * that they have in the whole, have losses that add up to it.
   */
  readonly scoredWeights: tf.Tensor1D;
}

/** Index of the first scored token; the very first token has no prediction. */
export function firstScored({ scoredFrom }: TokenSequence): number {
  return Math.max(scoredFrom, 1);
}

/** How many tokens of a sequence are scored. */
export function scoredCount(sequence: TokenSequence): number {
  return sequence.ids.length - firstScored(sequence);
}

/** Sizes to pad a batch to; what is left out is as large as the sequences need. */
export interface BatchSizes {
  /** Sequences, those without tokens included. */
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
 * The loss of a batch is the mean over its sequences of each sequence's mean over scored tokens
 * (Min et al. 2022, section 3.1, as its published code computes it), not the mean over all tokens.
 *
 * Padding does not change it: rows without tokens do not count as sequences, and scored positions
 * that are only there to fill up have the weight 0.
 *
 * @throws MetaError `BAD_DATA` when there is no sequence, or one without a scored token;
 *   `SHAPE_MISMATCH` when the sequences do not fit into `sizes`
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
        `Sequence ${row} of the batch (${sequence.ids.length} tokens) has no scored token after its first one.`,
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

/** The values of a batch's tensors, row by row, to be filled in: 0 is padding. */
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

/** The tensors of {@link tokenBatchValues} that were filled in. */
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
 * A batch in one of few shapes, for engines that compile a function anew for every shape: padded to
 * the next of `lengths`, with the number of scored positions rounded up to a power of two. That is
 * at least 8 and at least one in 32 tokens: fewer would save next to nothing, and make more shapes.
 * A sequence longer than all of `lengths` keeps its length.
 *
 * @param lengths in ascending order
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

/** Whether a batch has the tensors of a {@link TokenBatch}, and no others. */
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

/** The next power of two. */
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
