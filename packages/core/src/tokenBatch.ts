import * as tf from "@tensorflow/tfjs";
import { MetaError } from "./errors.js";

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
  /** `[scored]`, float32: 1 / (tokens scored in its sequence * sequences in the batch). */
  readonly scoredWeights: tf.Tensor1D;
}

/** The tokens of a sequence whose likelihood counts. The very first token has no prediction. */
export function scoredCount({ ids, scoredFrom }: TokenSequence): number {
  return ids.length - Math.max(scoredFrom, 1);
}

/**
 * Builds the tensors of a batch.
 *
 * The loss of a batch is the mean over its sequences of each sequence's mean over scored tokens
 * (Min et al. 2022, section 3.1, as its published code computes it), not the mean over all tokens.
 *
 * @throws MetaError `BAD_DATA` when there is no sequence, or one without a scored token
 */
export function tokenBatch(sequences: readonly TokenSequence[]): TokenBatch {
  if (sequences.length === 0) {
    throw new MetaError("BAD_DATA", "A batch needs at least one token sequence.");
  }
  const time = Math.max(...sequences.map(({ ids }) => ids.length));
  const queries = Math.max(0, ...sequences.map(scoredCount));
  const inputIds = new Int32Array(sequences.length * time);
  const queryTimes = new Int32Array(sequences.length * queries);
  const positions: number[] = [];
  const slots: number[] = [];
  const ids: number[] = [];
  const weights: number[] = [];
  sequences.forEach((sequence, row) => {
    inputIds.set(sequence.ids, row * time);
    const count = scoredCount(sequence);
    if (count < 1) {
      throw new MetaError(
        "BAD_DATA",
        `Sequence ${row} of the batch (${sequence.ids.length} tokens) has no scored token after its first one.`,
      );
    }
    for (let query = 0; query < count; query++) {
      const t = sequence.ids.length - count + query;
      const slot = row * queries + query;
      queryTimes[slot] = t - 1;
      positions.push(row * time + t - 1);
      slots.push(slot);
      ids.push(sequence.ids[t] as number);
      weights.push(1 / (count * sequences.length));
    }
  });
  return {
    inputIds: tf.tensor2d(inputIds, [sequences.length, time], "int32"),
    scoredPositions: tf.tensor1d(positions, "int32"),
    queryTimes: tf.tensor2d(queryTimes, [sequences.length, queries], "int32"),
    scoredQueries: tf.tensor1d(slots, "int32"),
    scoredIds: tf.tensor1d(ids, "int32"),
    scoredWeights: tf.tensor1d(weights, "float32"),
  };
}
