import * as tf from "@tensorflow/tfjs";
import { MetaError } from "../errors.js";
import type { Batch } from "./batch.js";
import {
  firstScored,
  type TokenBatch,
  type TokenSequence,
  tokenBatchOf,
  tokenBatchValues,
} from "./tokenBatch.js";
import { commonLength } from "./tokenTree.js";

/** An example to learn from whose answer is one of several options. */
export interface OptionExample {
  /** One sequence per option, at least two. */
  readonly sequences: readonly TokenSequence[];
  /** Index of the right option. */
  readonly gold: number;
}

/**
 * Examples with all of their options. What options are scored on begins where they differ; those
 * that differ in their last token alone share a row. `scoredWeights` are those of the right options.
 */
export interface OptionBatch extends TokenBatch {
  /** `[examples, options, tokens]`, int32: which of the scored tokens belong to an option. */
  readonly optionTokens: tf.Tensor3D;
  /** `[examples, options, tokens]`, float32: 1 for these, 0 where other options have more. */
  readonly optionMask: tf.Tensor3D;
  /** `[examples, options]`, float32: 0 for an option, 1e9 where other examples have more. */
  readonly optionOffsets: tf.Tensor2D;
  /** `[examples]`, int32: the right option. */
  readonly gold: tf.Tensor1D;
}

/** Whether a batch has all options of its examples. */
export function isOptionBatch(batch: Batch): batch is OptionBatch {
  return "optionTokens" in batch;
}

/**
 * Builds the tensors of a batch with options.
 *
 * @param lengths to pad sequences to, in ascending order; with them all other sizes are powers of
 *   two as well, for engines that compile a function anew for every shape
 * @throws MetaError `BAD_DATA` when there is no example, or one with fewer than two options or an
 *   option without a scored token
 */
export function optionBatch(
  examples: readonly OptionExample[],
  lengths?: readonly number[],
): OptionBatch {
  if (examples.length === 0) throw bad("A batch needs at least one example.");
  const { rows, scored, options } = plan(examples);
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

/** A sequence that is read, and the times at which it predicts something. */
interface Row {
  readonly ids: readonly number[];
  readonly times: number[];
}

/** A token that is predicted: by which query of which row. */
interface ScoredToken {
  readonly row: number;
  readonly query: number;
  readonly id: number;
}

/** Rows without repetition, what they predict, and which predictions belong to each option. */
function plan(examples: readonly OptionExample[]) {
  const rows: Row[] = [];
  const scored: ScoredToken[] = [];
  const options = examples.map(({ sequences, gold }, example) => {
    if (sequences.length < 2 || gold < 0 || gold >= sequences.length) {
      throw bad(
        `Example ${example} has ${sequences.length} options, of which number ${gold} is right.`,
      );
    }
    const begin = differFrom(sequences);
    const byText = new Map<string, number>();
    return sequences.map((sequence) => {
      const start = Math.max(firstScored(sequence), begin);
      if (start >= sequence.ids.length) {
        throw bad(`An option of example ${example} has no scored token after its first one.`);
      }
      // The last token is predicted, and predicts nothing.
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

/** Tokens that all options have are equally likely in all of them, and need no score. */
function differFrom(sequences: readonly TokenSequence[]): number {
  const shortest = Math.min(...sequences.map(({ ids }) => ids.length));
  return Math.min(commonLength(sequences.map(({ ids }) => ids)), shortest - 1);
}

function bad(problem: string): MetaError {
  return new MetaError("BAD_DATA", problem);
}
