import { type Params, randomFor, type TokenSequence } from "@metalearn/core";
import { byteTokenizer, gpt2 } from "@metalearn/models-gpt2";
import * as tf from "@tensorflow/tfjs";

const config = { vocabularySize: 256, maxTokens: 64, width: 8, layers: 2, heads: 2 };

export const model = gpt2({ ...config, initializerRange: 0.3 }, byteTokenizer);

/** Batch of a text whose last `scored` bytes are scored. */
export function sequence(text: string, scored: number): TokenSequence {
  const ids = byteTokenizer.encode(text);
  return { ids, scoredFrom: ids.length - scored };
}

/** Parameters of the same names and shapes, with random numbers of this standard deviation. */
export function shaken(params: Params, spread: number, seed = 1): Params {
  return Object.fromEntries(
    Object.entries(params).map(([name, { shape, size }]) => {
      const random = randomFor(seed, "shaken", name);
      const values = Float32Array.from({ length: size }, () => spread * random.normal());
      return [name, tf.tensor(values, shape)];
    }),
  );
}

/** Largest difference between numbers, relative to the largest of the second. */
export function distance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const size = Math.max(...Array.from(b, Math.abs));
  return Math.max(...Array.from(b, (value, i) => Math.abs(value - Number(a[i])))) / size;
}
