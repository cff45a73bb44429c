import {
  bucketedTokenBatch,
  createObjective,
  mapParams,
  type Params,
  randomFor,
  tokenBatch,
} from "@metalearn/core";
import * as tf from "@tensorflow/tfjs";
import { describe, expect, test } from "vitest";
import { byteTokenizer, gpt2 } from "../src/index.js";

const model = gpt2(
  // Weights that make the losses of different tokens differ.
  {
    vocabularySize: 256,
    maxTokens: 32,
    width: 8,
    layers: 2,
    heads: 2,
    initializerRange: 0.3,
  },
  byteTokenizer,
);
const sequences = ["abcde:xyz", "ab:c", "q:rstuv"].map((text) => {
  const ids = byteTokenizer.encode(text);
  return { ids, scoredFrom: text.indexOf(":") + 1 };
});
const plain = tokenBatch(sequences);

/** The largest difference of two sets of tensors, relative to the norm of the first. */
function distance(a: Params, b: Params): number {
  const norm = (params: Params) =>
    Math.sqrt(
      Object.values(params)
        .flatMap((tensor) => [...tensor.dataSync()])
        .reduce((sum, x) => sum + x * x, 0),
    );
  return norm(mapParams((x, y) => tf.sub(x, y), a, b)) / norm(a);
}

describe.each([
  ["longer sequences", tokenBatch(sequences, { time: 20 })],
  ["more scored positions", tokenBatch(sequences, { scored: 32 })],
  ["more scored positions in each row", tokenBatch(sequences, { queries: 9 })],
  ["empty rows", tokenBatch(sequences, { rows: 5 })],
  ["all of them", tokenBatch(sequences, { time: 17, queries: 8, scored: 16, rows: 4 })],
  ["a bucket", bucketedTokenBatch(sequences, [8, 12])],
])("padding with %s", (_, padded) => {
  test("changes neither loss nor gradient nor Hessian-vector product", async () => {
    const objective = createObjective(model);
    const params = await model.init(3);
    const vector = Object.fromEntries(
      Object.entries(params).map(([name, { shape, size }]) => {
        const random = randomFor("vector", name);
        return [name, tf.tensor(Float32Array.from({ length: size }, random.normal), shape)];
      }),
    );
    const at = (batch: typeof plain) => {
      const { loss, gradients } = objective.gradient(params, batch);
      return { loss: { loss }, gradients, hvp: objective.hvp(params, batch, vector) };
    };
    const [expected, actual] = [at(plain), at(padded)];
    expect(distance(expected.loss, actual.loss)).toBeLessThan(1e-6);
    expect(distance(expected.gradients, actual.gradients)).toBeLessThan(1e-6);
    expect(distance(expected.hvp, actual.hvp)).toBeLessThan(1e-6);
  });
});
