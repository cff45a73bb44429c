import type { TokenBatch } from "@metalearn/core";
import * as tf from "@tensorflow/tfjs";
import { flatPositions, type Positions } from "./positions.js";

/** Queries, keys or values by head: [H, rows, D]. */
export type Heads = tf.Tensor3D;

/** Positions whose next token is predicted, as a {@link TokenBatch} or a `TreeBatch` lists them. */
export type OutputPositions = Pick<TokenBatch, "queryTimes" | "scoredQueries" | "scoredPositions">;

/** One layer's keys and values of tokens that precede every row. */
export interface LayerCache {
  readonly keys: Heads; // [Hkv, P, D]
  readonly values: Heads; // [Hkv, P, D]
  readonly mask: tf.Tensor; // [P], additive: hides padding
}

/** Input that all blocks of one forward pass share. */
export interface BlockInput {
  readonly positions: Positions;
  /** Branches of trees, [B, T]: 0 in the trunk; a token does not attend to other branches. */
  readonly branches?: tf.Tensor2D | undefined;
  /** Positions at which the last block computes its output. @default all */
  readonly outputs?: OutputPositions | undefined;
  /** The {@link causalMask} of all tokens, if it is computed once for all blocks. */
  readonly mask?: tf.Tensor;
}

/** Positions of a block's queries, and their attention. */
export interface AttentionContext {
  /** True if only some rows have a query and an output, as in the last block; all rows have keys and values. */
  readonly isPartial: boolean;
  /** Positions of the rows in their sequences, for rotary embeddings: [B*T], int32. */
  positions(): tf.Tensor1D;
  /** Rows that have a query: [B*T, ...] to [queries, ...]. */
  queryRows<T extends tf.Tensor>(rows: T): T;
  /** Rows of the residual stream that have an output: [B*T, C] to [outputs, C]. */
  outputRows(rows: tf.Tensor2D): tf.Tensor2D;
  /**
   * Causal attention, softmax(Q Kᵀ / √D) V, over the tokens of a row and those in the KV cache.
   *
   * @param q [H, queries, D]
   * @param k [Hkv, B*T, D]; each head of keys and values serves H / Hkv heads of queries
   * @param v [Hkv, B*T, D]
   * @returns concatenated heads of the rows that have an output: [outputs, H*D]
   */
  attend(q: Heads, k: Heads, v: Heads): tf.Tensor2D;
}

/** The context of a block that computes its output at all positions. */
export function attentionEverywhere(input: BlockInput, cache?: LayerCache): AttentionContext {
  const { batch } = input.positions;
  const { mask = causalMask(input) } = input;
  return {
    isPartial: false,
    positions: () => flatPositions(input.positions),
    queryRows: (rows) => rows,
    outputRows: (rows) => rows,
    attend: (q, k, v) => attention(q, k, v, { batch, mask, cache }),
  };
}

/** The context of the last block, which computes its output at `input.outputs` only. */
export function attentionAtOutputs(input: BlockInput, cache?: LayerCache): AttentionContext {
  const { outputs, positions } = input;
  if (!outputs) return attentionEverywhere(input, cache);
  const { batch, time } = positions;
  const mask = causalMask(input, outputs.queryTimes);
  const queries = flatIndices(outputs.queryTimes, time); // [B*S]
  return {
    isPartial: true,
    positions: () => flatPositions(positions),
    queryRows: (rows) => tf.gather(rows, queries),
    outputRows: (rows) => tf.gather(rows, outputs.scoredPositions),
    attend(q, k, v) {
      const mixed = attention(q, k, v, { batch, mask, cache });
      const rows = tf.gather(mixed, outputs.scoredQueries);
      // TensorFlow.js on WebAssembly gives rows of no rows four axes.
      return tf.reshape(rows, [outputs.scoredQueries.size, mixed.shape[1]]);
    },
  };
}

/**
 * An additive mask that hides the future and other branches from every token, or from queries at `times`, [B, S].
 *
 * @returns [T, T], or [B, S, T] where rows differ
 */
export function causalMask({ positions, branches }: BlockInput, times?: tf.Tensor2D): tf.Tensor {
  const { time } = positions;
  const keys = tf.range(0, time, 1, "int32");
  const isFuture = tf.greater(keys, tf.expandDims(times ?? keys, -1));
  if (!branches) return additiveMask(isFuture);
  const ofQueries = times
    ? tf.reshape(tf.gather(tf.reshape(branches, [-1]), flatIndices(times, time)), times.shape)
    : branches;
  const ofKeys = tf.expandDims(branches, 1); // [B, 1, T]
  const isOther = tf.notEqual(ofKeys, tf.expandDims(ofQueries, 2)); // [B, S, T]
  return additiveMask(tf.logicalOr(isFuture, tf.logicalAnd(isOther, tf.notEqual(ofKeys, 0))));
}

/** -1e9 where something is hidden, 0 elsewhere. */
export function additiveMask(isHidden: tf.Tensor): tf.Tensor {
  return tf.mul(tf.cast(isHidden, "float32"), -1e9);
}

/** Indices into flattened rows of `time` entries: [B, S] to [B*S]. */
function flatIndices(times: tf.Tensor2D, time: number): tf.Tensor1D {
  const starts = tf.range(0, times.shape[0] * time, time, "int32");
  return tf.reshape(tf.add(times, tf.expandDims(starts, 1)), [-1]);
}

interface AttentionOptions {
  readonly batch: number;
  readonly mask: tf.Tensor; // [T, T] or [B, S, T]
  readonly cache?: LayerCache | undefined;
}

/** Attention of S queries in each row to the T keys of their row and to the cache: [H, B*S, D] to [B*S, H*D]. */
function attention(q: Heads, k: Heads, v: Heads, options: AttentionOptions): tf.Tensor2D {
  const { batch, mask, cache } = options;
  const [heads, rows, size] = q.shape;
  const [shared] = k.shape;
  const groups = heads / shared; // of query heads that share keys and values: further queries of these
  const byRow = (x: tf.Tensor) => tf.reshape(x, [shared, batch, -1, size]);
  const scaled: Heads = grouped(tf.mul(q, 1 / Math.sqrt(size)), groups, batch); // [Hkv, B*G*S, D]
  const own = tf.matMul(byRow(scaled), byRow(k), false, true); // [Hkv, B, G*S, T]
  const logits = tf.add(own, repeated(mask, groups));
  const mixed = cache
    ? mixWithCache(logits, scaled, byRow(v), cache)
    : tf.matMul(tf.softmax(logits), byRow(v)); // [Hkv, B, G*S, D]
  const joined =
    groups === 1
      ? tf.transpose(tf.reshape(mixed, [heads, rows, size]) as Heads, [1, 0, 2])
      : tf.transpose(tf.reshape(mixed, [shared, batch, groups, -1, size]), [1, 3, 0, 2, 4]);
  return tf.reshape(joined, [rows, heads * size]);
}

/** Query heads as further queries of the head of keys that they share: [H, B*S, D] to [Hkv, B*G*S, D]. */
function grouped(q: Heads, groups: number, batch: number): Heads {
  if (groups === 1) return q;
  const [heads, rows, size] = q.shape;
  const split = tf.reshape(q, [heads / groups, groups, batch, rows / batch, size]);
  return tf.reshape(tf.transpose(split, [0, 2, 1, 3, 4]), [heads / groups, groups * rows, size]);
}

/** A mask for the queries of each of `groups` heads: [..., S, T] to [..., G*S, T]. */
function repeated(mask: tf.Tensor, groups: number): tf.Tensor {
  if (groups === 1) return mask;
  return tf.tile(mask, mask.rank === 2 ? [groups, 1] : [1, groups, 1]);
}

/**
 * Means of the values in the cache and of the own row: [Hkv, B, S, D]. The cache is the same for all
 * rows, whose queries look at it as if they were one.
 */
function mixWithCache(
  logits: tf.Tensor, // [Hkv, B, S, T]
  q: Heads, // [Hkv, B*S, D]
  v: tf.Tensor, // [Hkv, B, T, D]
  cache: LayerCache,
): tf.Tensor {
  const [heads, batch, queries, time] = logits.shape as [number, number, number, number];
  const before = cache.keys.shape[1];
  const cached = tf.add(tf.matMul(q, cache.keys, false, true), cache.mask); // [Hkv, B*S, P]
  const all = tf.concat([tf.reshape(cached, [heads, batch, queries, before]), logits], 3);
  const [toCache, toOwn] = tf.split(tf.softmax(all), [before, time], 3) as [tf.Tensor, tf.Tensor];
  const flat = tf.reshape(toCache, [heads, batch * queries, before]);
  const own = tf.matMul(toOwn, v); // [Hkv, B, S, D]
  return tf.add(own, tf.reshape(tf.matMul(flat, cache.values), own.shape));
}
