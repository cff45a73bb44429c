import {
  type Params,
  type PlacedTokens,
  type PrefixState,
  type TokenPrefix,
  tensorNamed,
  tidy,
} from "@metalearn/core";
import * as tf from "@tensorflow/tfjs";
import { type Architecture, blockParams } from "./architecture.js";
import {
  type AttentionContext,
  additiveMask,
  attentionAtOutputs,
  attentionEverywhere,
  causalMask,
  type Heads,
  type LayerCache,
  type OutputPositions,
} from "./attention.js";
import { embedRows, embedTokens } from "./embedding.js";
import { type Positions, rowPositions } from "./positions.js";

/**
 * Keys and values, after rotary embeddings, of tokens that precede every row: `0.keys` and `0.values`, [Hkv, P, D],
 * for each layer, and their additive `mask`, [P].
 */
export type KvCache = PrefixState;

/** The part of a cache that one layer reads. */
export function layerCache(cache: KvCache, layer: number): LayerCache {
  return {
    keys: tensorNamed(cache, `${layer}.keys`) as Heads,
    values: tensorNamed(cache, `${layer}.values`) as Heads,
    mask: tensorNamed(cache, "mask"),
  };
}

/** Embeddings that precede every sequence, like those of tokens. */
export interface SoftPrompt {
  readonly tokens: number;
  embeddings(params: Params): tf.Tensor2D; // [tokens, C]
}

/** Reads a soft prompt. */
export function readPrompt(
  architecture: Architecture,
  params: Params,
  { tokens, embeddings }: SoftPrompt,
): KvCache {
  return tf.tidy(() => {
    const positions = { batch: 1, time: tokens, start: 0 };
    const x = embedRows(architecture, params, embeddings(params), positions);
    const paddingMask = tf.zeros([tokens]);
    return extended(architecture, params, { x, positions, paddingMask }).cache;
  });
}

/** The cache of a soft prompt, and its length. */
export interface CachedPrompt {
  readonly tokens: number;
  readonly cache: KvCache;
}

/** Reads a prefix that many sequences share, after the soft prompt if there is one. */
export function readPrefix(
  architecture: Architecture,
  params: Params,
  prefix: TokenPrefix,
  prompt?: CachedPrompt,
): KvCache {
  return tf.tidy(() => {
    const input = prefixInput(architecture, params, prefix, prompt);
    return extended(architecture, params, input, prompt?.cache).cache;
  });
}

/** Embeds the tokens of a prefix, to be read into a cache. */
export function prefixInput(
  architecture: Architecture,
  params: Params,
  { inputIds, length }: TokenPrefix,
  prompt?: CachedPrompt,
): CacheInput {
  const start = prompt?.tokens ?? 0;
  const positions = rowPositions(inputIds, architecture.maxTokens - start, start);
  const isPadding = tf.greaterEqual(tf.range(0, positions.time, 1, "int32"), length);
  const x = embedTokens(architecture, params, { inputIds, positions });
  return { x, positions, paddingMask: additiveMask(isPadding) };
}

/** Embeds tokens that follow others of their sequence, to be read into a cache after `start` of a soft prompt. */
export function placedInput(
  architecture: Architecture,
  params: Params,
  { inputIds, length, position }: PlacedTokens,
  start: number,
): CacheInput {
  const [batch, time] = inputIds.shape;
  const own = tf.range(0, time, 1, "int32");
  // Padding may go beyond the longest sequence.
  const last = tf.scalar(architecture.maxTokens - start - 1, "int32");
  const nodes = tf.expandDims(tf.minimum(tf.add(own, position), last), 0) as tf.Tensor2D;
  const positions = { batch, time, start, nodes };
  const x = embedTokens(architecture, params, { inputIds, positions });
  return { x, positions, paddingMask: additiveMask(tf.greaterEqual(own, length)) };
}

/** One sequence to be read into a cache. */
export interface CacheInput {
  readonly x: tf.Tensor2D; // [P, C]
  readonly positions: Positions;
  readonly paddingMask: tf.Tensor; // [P]
}

/**
 * Appends the keys and values of one more sequence to a cache.
 *
 * @param outputs positions at which the last block computes its output. @default none
 * @returns the new cache, and `rows`, the last block's output: [outputs, C]
 */
export function extended(
  architecture: Architecture,
  params: Params,
  { x, positions, paddingMask }: CacheInput,
  cache?: KvCache,
  outputs: OutputPositions = nowhere(),
): { readonly cache: KvCache; readonly rows: tf.Tensor2D } {
  const after = (name: string, next: tf.Tensor, axis: number) =>
    cache ? tf.concat([tensorNamed(cache, name), next], axis) : next;
  const made: Record<string, tf.Tensor> = { mask: after("mask", paddingMask, 0) };
  const mask = causalMask({ positions });
  let rows = x;
  for (let layer = 0; layer < architecture.layers; layer++) {
    const past = cache && layerCache(cache, layer);
    const read = tidy(() => {
      // The last block's output of other rows is never used: only their keys and values count.
      const isLast = layer === architecture.layers - 1;
      const context = isLast
        ? attentionAtOutputs({ positions, outputs }, past)
        : attentionEverywhere({ positions, mask }, past);
      return keysAndValues(context, (watched) =>
        architecture.block(rows, blockParams(architecture, params, layer), watched),
      );
    });
    made[`${layer}.keys`] = after(`${layer}.keys`, read.keys, 1);
    made[`${layer}.values`] = after(`${layer}.values`, read.values, 1);
    rows = read.output;
  }
  return { cache: made, rows };
}

/** Runs a block. Returns its output, and the keys and values that it passed to attention. */
export function keysAndValues(
  context: AttentionContext,
  block: (context: AttentionContext) => tf.Tensor2D,
): { output: tf.Tensor2D; keys: Heads; values: Heads } {
  const seen: { keys: Heads; values: Heads }[] = [];
  const output = block({
    ...context,
    attend(q, k, v) {
      seen.push({ keys: k, values: v });
      return context.attend(q, k, v);
    },
  });
  const [first] = seen;
  if (!first) throw new Error("A block has to call attend of its context.");
  return { output, ...first };
}

/** Positions of no output: everything after attention is then computed for no rows. */
function nowhere(): OutputPositions {
  const none = tf.tensor1d([], "int32");
  return {
    queryTimes: tf.tensor2d([], [1, 0], "int32"),
    scoredQueries: none,
    scoredPositions: none,
  };
}
