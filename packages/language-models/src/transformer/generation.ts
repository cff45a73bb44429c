import {
  type NextToken,
  type Params,
  type PlacedToken,
  type PrefixState,
  type TokenReader,
  tensorNamed,
  tidy,
} from "@metalearn/core";
import * as tf from "@tensorflow/tfjs";
import { type Architecture, blockParams } from "./architecture.js";
import {
  additiveMask,
  attentionEverywhere,
  type Heads,
  type LayerCache,
  type OutputPositions,
} from "./attention.js";
import { embedTokens } from "./embedding.js";
import {
  type CachedPrompt,
  extended,
  type KvCache,
  keysAndValues,
  layerCache,
  placedInput,
  prefixInput,
} from "./kvCache.js";

/**
 * Reads a sequence token by token after a soft prompt of `start` tokens. Its cache has a slot for every position; the
 * mask hides empty slots.
 *
 * @param promptOf the cache of the soft prompt, if there is one
 */
export function tokenReader(
  architecture: Architecture,
  start: number,
  promptOf: (params: Params) => KvCache | undefined,
): TokenReader {
  return {
    readPrompt: (params, prefix, capacity) =>
      tidy(() => {
        const cache = promptOf(params);
        const prompt: CachedPrompt | undefined = cache && { tokens: start, cache };
        const input = prefixInput(architecture, params, prefix, prompt);
        const outputs = lastOf(prefix.length);
        const read = extended(architecture, params, input, prompt?.cache, outputs);
        return {
          logits: logitsOf(architecture, params, read.rows),
          cache: withCapacity(read.cache, start + capacity),
        };
      }),
    readToken: (params, token, cache) =>
      tidy(() => readToken(architecture, params, { ...token, start }, cache)),
    // Slots of positions after those of the cache stay free for readToken: the order of slots does not matter.
    readMore: (params, tokens, cache) =>
      tidy(() => {
        const input = placedInput(architecture, params, tokens, start);
        const read = extended(architecture, params, input, cache, lastOf(tokens.length));
        return { logits: logitsOf(architecture, params, read.rows), cache: read.cache };
      }),
  };
}

/** The output of the last of `length` tokens alone. */
function lastOf(length: tf.Scalar): OutputPositions {
  const last = tf.reshape(tf.sub(length, tf.scalar(1, "int32")), [1]) as tf.Tensor1D;
  return {
    queryTimes: tf.expandDims(last, 0) as tf.Tensor2D,
    scoredQueries: tf.zeros([1], "int32") as tf.Tensor1D,
    scoredPositions: last,
  };
}

/** Reads one token, whose keys and values take the slot of its position. */
function readToken(
  architecture: Architecture,
  params: Params,
  { id, position, start }: PlacedToken & { readonly start: number },
  cache: PrefixState,
): NextToken {
  const nodes = tf.reshape(position, [1, 1]) as tf.Tensor2D;
  const positions = { batch: 1, time: 1, start, nodes };
  const mask = tensorNamed(cache, "mask"); // [P]
  const slots = tf.range(0, mask.size, 1, "int32");
  const isOwn = tf.equal(slots, tf.add(position, tf.scalar(start, "int32"))); // [P]
  const isOwnRow = tf.reshape(isOwn, [1, -1, 1]);
  const filled: Record<string, tf.Tensor> = {
    mask: tf.where(isOwn, tf.zerosLike(mask), mask),
  };
  const inputIds = tf.reshape(id, [1, 1]) as tf.Tensor2D;
  let rows = embedTokens(architecture, params, { inputIds, positions });
  for (let layer = 0; layer < architecture.layers; layer++) {
    const past: LayerCache = layerCache(cache, layer);
    const read = tidy(() => {
      const context = attentionEverywhere({ positions }, past);
      const { output, keys, values } = keysAndValues(context, (watched) =>
        architecture.block(rows, blockParams(architecture, params, layer), watched),
      );
      const put = (own: Heads, before: Heads) => tf.where(isOwnRow, own, before);
      return { output, keys: put(keys, past.keys), values: put(values, past.values) };
    });
    filled[`${layer}.keys`] = read.keys;
    filled[`${layer}.values`] = read.values;
    rows = read.output;
  }
  return { logits: logitsOf(architecture, params, rows), cache: filled };
}

/** Final norm and output head of one row: [1, C] to [V]. */
function logitsOf(architecture: Architecture, params: Params, row: tf.Tensor2D): tf.Tensor1D {
  return tf.reshape(architecture.head(row, params), [-1]);
}

/** A cache with slots for at least `capacity` tokens; the mask hides added slots. */
function withCapacity(cache: KvCache, capacity: number): KvCache {
  const { mask, ...heads } = cache as KvCache & { readonly mask: tf.Tensor1D };
  const added = Math.max(0, capacity - mask.size);
  const longer = Object.entries(heads).map(([name, x]): [string, tf.Tensor] => {
    const axes: [number, number][] = [
      [0, 0],
      [0, added],
      [0, 0],
    ];
    return [name, tf.pad(x, axes)];
  });
  const hidden = additiveMask(tf.ones([added], "bool")) as tf.Tensor1D;
  return { ...Object.fromEntries(longer), mask: tf.concat([mask, hidden]) };
}
