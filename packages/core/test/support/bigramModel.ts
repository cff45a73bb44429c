import * as tf from "@tensorflow/tfjs";
import { crossEntropy } from "../../src/autodiff/crossEntropy.js";
import { batchLoss } from "../../src/batch/batchLoss.js";
import type { TokenBatch } from "../../src/batch/tokenBatch.js";
import type { LanguageModel, TokenReader } from "../../src/contracts/model.js";
import { type Params, tensorNamed } from "../../src/params.js";
import { tidy } from "../../src/tidy.js";

/** The surprise, in bits, of the token of a column after the token of a row. */
export const bits = [
  [3, 3, 2, 1],
  [1, 3, 3, 2],
  [2, 1, 3, 3],
  [3, 2, 1, 3],
] as const;

/** Log-probabilities of the table: every row of probabilities 1/8, 1/8, 1/4, 1/2 adds up to 1. */
export function bigramParams(): Params {
  return { table: tf.tensor2d(bits.map((row) => row.map((b) => -b * Math.LN2))) };
}

const rowOf = (params: Params, id: tf.Tensor) =>
  tf.reshape(tf.gather(tensorNamed(params, "table"), tf.cast(id, "int32")), [-1]) as tf.Tensor1D;

/** Reads tokens one by one; there is nothing to keep of them. */
export const bigramReader: TokenReader = {
  readPrompt: (params, { inputIds, length }) =>
    tidy(() => {
      const last = tf.gather(tf.reshape(inputIds, [-1]), tf.sub(length, tf.scalar(1, "int32")));
      return { logits: rowOf(params, last), cache: {} };
    }),
  readToken: (params, { id }) => tidy(() => ({ logits: rowOf(params, id), cache: {} })),
};

/** A language model of four tokens, each of which depends on the one before only. */
export const bigramModel: LanguageModel = {
  name: "bigram",
  maxTokens: 64,
  tokenizer: {
    name: "digits",
    vocabularySize: 4,
    encode: (text) => [...text].map(Number),
    decode: (ids) => ids.join(""),
  },
  generation: bigramReader,
  init: async () => bigramParams(),
  loss: (params, batch) => tf.tidy(() => batchLoss(bigramModel.tokenLosses(params, batch), batch)),
  tokenLosses: (params: Params, { inputIds, scoredPositions, scoredIds }: TokenBatch) =>
    tf.tidy(() => {
      const before = tf.gather(tf.reshape(inputIds, [-1]), scoredPositions);
      return crossEntropy(
        tf.gather(tensorNamed(params, "table"), before) as tf.Tensor2D,
        scoredIds,
      );
    }),
};
