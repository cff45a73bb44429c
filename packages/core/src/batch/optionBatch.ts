import * as tf from "@tensorflow/tfjs";
import { MetaError } from "../errors.js";
import { counted } from "../text/counted.js";
import type { Batch } from "./batch.js";
import {
  firstScored,
  type TokenBatch,
  type TokenSequence,
  tokenBatchOf,
  tokenBatchValues,
} from "./tokenBatch.js";
import { commonLength } from "./tokenTree.js";

/** A training example whose answer is one of several options. */
export interface OptionExample {
  /** One sequence per option, at least two. */
  readonly sequences: readonly TokenSequence[];
  /** Index of the gold option. */
  readonly gold: number;
}

/**
 * Examples with all of their options. Options are scored from the first token in which they differ;
 * options that differ only in their last token share a row. `scoredWeights` weight the gold options.
 */
export interface OptionBatch extends TokenBatch {
  /** `[examples, options, tokens]`, int32: indices of each option's scored tokens. */
  readonly optionTokens: tf.Tensor3D;
  /** `[examples, options, tokens]`, float32: 1 for an option's tokens, 0 for padding. */
  readonly optionMask: tf.Tensor3D;
  /** `[examples, options]`, float32: 0 for an option, 1e9 for padding. */
  readonly optionOffsets: tf.Tensor2D;
  /** `[examples]`, int32: index of the gold option. */
  readonly gold: tf.Tensor1D;
}

/** Narrows a batch to an {@link OptionBatch}. */
export function isOptionBatch(batch: Batch): batch is OptionBatch {
  return "optionTokens" in batch;
}

/**
 * Builds the tensors of a batch with options.
 *
 * @param lengths lengths to which sequences are padded, in tokens, ascending; if given, all other sizes are
 *   rounded up to powers of two, for engines that compile a function once per shape
 * @throws MetaError `BAD_DATA` for no examples, an example with fewer than two options, or an option
 *   without a scored token
 */
export function optionBatch(
  examples: readonly OptionExample[],
  lengths?: readonly number[],
): OptionBatch {
  if (examples.length === 0) throw bad("A batch needs at least one example.");
  const { rows, scored, options } = layOut(examples);
  const round = (size: number) => (lengths ? 2 ** Math.ceil(Math.log2(size)) : size);
  const longest = Math.max(...rows.map(({ ids }) => ids.length));
  const time = lengths?.find((length) => length >= longest) ?? longest;
  const queries = round(Math.max(...rows.map(({ times }) => times.length)));
  const sizes = { rows: round(rows.length), time, queries, scored: round(scored.length) };
  const most = round(Math.max(...options.map((own) => own.length)));
  const tokens = round(Math.max(...options.flat().map((own) => own.length)));

  const values = tokenBatchValues(sizes);
  rows.forEach(({ ids, times }, row) => {
    values.inputIds.set(ids, row * time);
    values.queryTimes.set(times, row * queries);
  });
  scored.forEach(({ row, query, id }, i) => {
    values.scoredPositions[i] = row * time + (rows[row]?.times[query] as number);
    values.scoredQueries[i] = row * queries + query;
    values.scoredIds[i] = id;
  });
  const optionTokens = new Int32Array(examples.length * most * tokens);
  const mask = new Float32Array(optionTokens.length);
  const offsets = new Float32Array(examples.length * most).fill(1e9);
  options.forEach((own, example) => {
    own.forEach((indices, option) => {
      const place = example * most + option;
      offsets[place] = 0;
      optionTokens.set(indices, place * tokens);
      mask.fill(1, place * tokens, place * tokens + indices.length);
      if (option !== examples[example]?.gold) return;
      for (const i of indices) values.scoredWeights[i] = 1 / (indices.length * examples.length);
    });
  });
  const shape: [number, number, number] = [examples.length, most, tokens];
  return {
    ...tokenBatchOf(values, sizes),
    optionTokens: tf.tensor3d(optionTokens, shape, "int32"),
    optionMask: tf.tensor3d(mask, shape, "float32"),
    optionOffsets: tf.tensor2d(offsets, [examples.length, most], "float32"),
    gold: tf.tensor1d(
      examples.map(({ gold }) => gold),
      "int32",
    ),
  };
}

/** A row of the batch, and the times at which it predicts scored tokens. */
interface Row {
  readonly ids: readonly number[];
  readonly times: number[];
}

/** A scored token, and the row and query that predict it. */
interface ScoredToken {
  readonly row: number;
  readonly query: number;
  readonly id: number;
}

/** Distinct rows, their scored tokens, and the indices of each option's scored tokens. */
function layOut(examples: readonly OptionExample[]) {
  const rows: Row[] = [];
  const scored: ScoredToken[] = [];
  const options = examples.map(({ sequences, gold }, example) => {
    if (sequences.length < 2 || gold < 0 || gold >= sequences.length) {
      throw bad(
        `Example ${example} has ${counted(sequences.length, "option")}, of which number ${gold} is right.`,
      );
    }
    const begin = differFrom(sequences);
    const byText = new Map<string, number>();
    return sequences.map((sequence) => {
      const start = Math.max(firstScored(sequence), begin);
      if (start >= sequence.ids.length) {
        throw bad(`An option of example ${example} has no scored token after its first one.`);
      }
      // The last token is only predicted, never read.
      const ids = sequence.ids.slice(0, -1);
      const text = ids.join(" ");
      const row = byText.get(text) ?? rows.push({ ids, times: [] }) - 1;
      byText.set(text, row);
      const { times } = rows[row] as Row;
      return sequence.ids.slice(start).map((id, i) => {
        const time = start + i - 1;
        if (!times.includes(time)) times.push(time);
        return scored.push({ row, query: times.indexOf(time), id }) - 1;
      });
    });
  });
  return { rows, scored, options };
}

/** Index of the first token in which options differ; tokens before it have equal likelihoods. */
function differFrom(sequences: readonly TokenSequence[]): number {
  const shortest = Math.min(...sequences.map(({ ids }) => ids.length));
  return Math.min(commonLength(sequences.map(({ ids }) => ids)), shortest - 1);
}

function bad(problem: string): MetaError {
  return new MetaError("BAD_DATA", problem);
}
