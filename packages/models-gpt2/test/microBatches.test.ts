import {
  bucketedTokenBatch,
  createObjective,
  mapParams,
  type ObjectiveOptions,
  type Params,
  randomFor,
  type TokenBatch,
  tokenBatch,
} from "@metalearn/core";
import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, test } from "vitest";
import { byteTokenizer, gpt2 } from "../src/index.js";

const model = gpt2(
  { vocabularySize: 256, maxTokens: 32, width: 8, layers: 2, heads: 2, initializerRange: 0.3 },
  byteTokenizer,
);

/** Five sequences with 3, 1, 5, 2 and 4 scored tokens. */
const sequences = ["abcde:xyz", "ab:c", "q:rstuv", "hello:ok", "x:four"].map((text) => ({
  ids: byteTokenizer.encode(text),
  scoredFrom: text.indexOf(":") + 1,
}));

let params: Params;
let vector: Params;
beforeAll(async () => {
  params = await model.init(3);
  vector = Object.fromEntries(
    Object.entries(params).map(([name, { shape, size }]) => {
      const random = randomFor("vector", name);
      return [name, tf.tensor(Float32Array.from({ length: size }, random.normal), shape)];
    }),
  );
});

/** Loss, gradient and products of an objective, in one set of tensors. */
function found(batch: TokenBatch, options: ObjectiveOptions): Params {
  const objective = createObjective(model, options);
  const { loss, gradients } = objective.gradient(params, batch);
  const product = objective.hvp(params, batch, vector);
  return {
    loss,
    value: objective.loss(params, batch),
    ...gradients,
    ...Object.fromEntries(Object.entries(product).map(([name, t]) => [`product of ${name}`, t])),
  };
}

/** Largest difference between tensors of a name, relative to the norm of the first. */
function distance(a: Params, b: Params): number {
  const norm = (tensor: tf.Tensor) => Number(tf.norm(tensor).dataSync()[0]);
  const differences = mapParams((x, y) => tf.sub(x, y), a, b);
  return Math.max(
    ...Object.entries(differences).map(([name, d]) => norm(d) / norm(a[name] as tf.Tensor)),
  );
}

describe.each<[string, () => TokenBatch]>([
  ["as they are", () => tokenBatch(sequences)],
  ["in a bucket", () => bucketedTokenBatch(sequences, [8, 12])],
  ["with empty rows", () => tokenBatch(sequences, { rows: 8, scored: 20 })],
])("sequences %s, computed in parts,", (_, make) => {
  test.each([1, 3])("of %d at most, give what the whole batch gives", (microBatch) => {
    const batch = make();
    expect(distance(found(batch, {}), found(batch, { microBatch }))).toBeLessThan(1e-5);
  });
});
