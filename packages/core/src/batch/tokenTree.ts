import * as tf from "@tensorflow/tfjs";
import { sizeAtLeast } from "./sizeAtLeast.js";
import { firstScored, type TokenSequence } from "./tokenBatch.js";

/** Tokens that many sequences begin with, as tensors. */
export interface TokenPrefix extends Readonly<Record<string, tf.Tensor>> {
  /** `[1, time]`, int32, padded on the right. */
  readonly inputIds: tf.Tensor2D;
  /** int32: number of tokens without padding. */
  readonly length: tf.Scalar;
}

/**
 * Sequences with a common beginning as a tree, in which every token is read once: the trunk, then one
 * branch per sequence.
 */
export interface TokenTree {
  readonly ids: readonly number[];
  /** Position of each token in its sequence, counting the prefix. */
  readonly positions: readonly number[];
  /** Branch of each token: 0 is the trunk. */
  readonly branches: readonly number[];
  /** Scored tokens, sequence by sequence. */
  readonly answers: readonly (readonly TreeAnswer[])[];
}

/** A scored token of a tree. */
interface TreeAnswer {
  readonly id: number;
  /** Index in the tree that predicts the token. */
  readonly time: number;
}

/**
 * Trees as tensors: one per row, padded on the right. A position that predicts several tokens, such as
 * the end of a trunk, is listed once.
 */
export interface TreeBatch extends Readonly<Record<string, tf.Tensor>> {
  /** `[rows, time]`, int32 */
  readonly inputIds: tf.Tensor2D;
  /** `[rows, time]`, int32: positions, counting the prefix. */
  readonly positions: tf.Tensor2D;
  /** `[rows, time]`, int32: 0 is the trunk; tokens do not attend to other branches. */
  readonly branches: tf.Tensor2D;
  /** `[rows, queries]`, int32: times at which a row predicts, padded with zeros. */
  readonly queryTimes: tf.Tensor2D;
  /** `[predictions]`, int32: indices of predictions into the flattened `[rows * queries]`. */
  readonly scoredQueries: tf.Tensor1D;
  /** `[predictions]`, int32: indices of predictions into the flattened `[rows * time]`. */
  readonly scoredPositions: tf.Tensor1D;
  /** `[answers, 2]`, int32: index of a prediction, and id of the token to score there. */
  readonly answers: tf.Tensor2D;
}

/**
 * Builds a tree of sequences, without their first `start` tokens, which are the prefix. The last token of
 * a sequence is only predicted, never read.
 *
 * @param start at most the index before the first scored token, which is predicted within the tree
 */
export function tokenTree(sequences: readonly TokenSequence[], start: number): TokenTree {
  const read = sequences.map(({ ids }) => ids.slice(start, -1));
  const trunk = commonLength(read);
  const ids = read[0]?.slice(0, trunk) ?? [];
  const positions = ids.map((_, i) => start + i);
  const branches = ids.map(() => 0);
  const answers = sequences.map((sequence, i) => {
    const own = (read[i] ?? []).slice(trunk);
    const branchStart = ids.length;
    own.forEach((id, offset) => {
      ids.push(id);
      positions.push(start + trunk + offset);
      branches.push(i + 1);
    });
    const timeOf = (offset: number) => (offset < trunk ? offset : branchStart + offset - trunk);
    const first = firstScored(sequence);
    return sequence.ids
      .slice(first)
      .map((id, offset) => ({ id, time: timeOf(first + offset - 1 - start) }));
  });
  return { ids, positions, branches, answers };
}

/** Number of tokens that all lists have in common at their beginning. */
export function commonLength(lists: readonly (readonly number[])[]): number {
  const [first = [], ...rest] = lists;
  return rest.reduce((shared, list) => {
    const end = Math.min(shared, list.length);
    for (let i = 0; i < end; i++) if (list[i] !== first[i]) return i;
    return end;
  }, first.length);
}

/** Makes the tensors of a prefix, padded to one of few lengths. */
export function tokenPrefix(ids: readonly number[], maxTokens: number): TokenPrefix {
  const inputIds = new Int32Array(Math.min(sizeAtLeast(ids.length), maxTokens));
  inputIds.set(ids);
  return {
    inputIds: tf.tensor2d(inputIds, [1, inputIds.length], "int32"),
    length: tf.scalar(ids.length, "int32"),
  };
}

/**
 * Makes the tensors of trees, padded to one of few shapes. `answers` are those of the trees in order,
 * followed by padding.
 */
export function treeBatch(trees: readonly TokenTree[]): TreeBatch {
  const times = trees.map(predictionTimes);
  const rows = sizeAtLeast(trees.length);
  const time = sizeAtLeast(Math.max(...trees.map(({ ids }) => ids.length)));
  const queries = sizeAtLeast(Math.max(...times.map(({ length }) => length)));
  const table = (width: number, lists: readonly (readonly number[])[]) => {
    const values = new Int32Array(rows * width);
    lists.forEach((list, row) => {
      values.set(list, row * width);
    });
    return tf.tensor2d(values, [rows, width], "int32");
  };
  const answers: [prediction: number, id: number][] = [];
  const scoredQueries: number[] = [];
  const scoredPositions: number[] = [];
  trees.forEach((tree, row) => {
    const own = times[row] ?? [];
    for (const { time, id } of tree.answers.flat()) {
      answers.push([scoredQueries.length + own.indexOf(time), id]);
    }
    own.forEach((t, query) => {
      scoredQueries.push(row * queries + query);
      scoredPositions.push(row * time + t);
    });
  });
  const field = (name: "ids" | "positions" | "branches") => trees.map((tree) => tree[name]);
  return {
    inputIds: table(time, field("ids")),
    positions: table(time, field("positions")),
    branches: table(time, field("branches")),
    queryTimes: table(queries, times),
    scoredQueries: tf.tensor1d(padded(scoredQueries, 0), "int32"),
    scoredPositions: tf.tensor1d(padded(scoredPositions, 0), "int32"),
    answers: tf.tensor2d(padded(answers, [0, 0]), undefined, "int32"),
  };
}

/** Distinct times at which a tree predicts scored tokens. */
function predictionTimes({ answers }: TokenTree): number[] {
  return [...new Set(answers.flat().map(({ time }) => time))];
}

function padded<T>(items: readonly T[], filler: T): T[] {
  return [...items, ...new Array<T>(sizeAtLeast(items.length) - items.length).fill(filler)];
}
