import { optionBatch } from "@metalearn/core";
import { derivativeErrors } from "@metalearn/core/testing";
import * as tf from "@tensorflow/tfjs";
import { expect, test } from "vitest";
import { byteTokenizer, gpt2 } from "../src/index.js";
import { randomParams } from "./support/randomParams.js";

const shape = { vocabularySize: 256, maxTokens: 32, width: 8, layers: 2, heads: 2 };
const model = gpt2({ ...shape, initializerRange: 0.3 }, byteTokenizer);

function example(prompt: string, options: readonly string[], gold: number) {
  const scoredFrom = prompt.length;
  const sequences = options.map((option) => ({
    ids: byteTokenizer.encode(prompt + option),
    scoredFrom,
  }));
  return { sequences, gold };
}

test("options of one token compete in a softmax over their logits alone", async () => {
  const params = await model.init(3);
  const prompts = ["good film ", "bad "];
  const batch = optionBatch(prompts.map((prompt, i) => example(prompt, ["+", "-", "0"], i)));
  expect(batch.inputIds.shape[0]).toBe(2); // a row per prompt
  // Chen et al.: logits of the last position, restricted to the verbalisers.
  const expected = prompts.map((prompt, gold) => {
    const ids = byteTokenizer.encode(prompt);
    const logits = model.logits(params, tf.tensor2d([ids], undefined, "int32"));
    const last = (logits.arraySync()[0] as number[][]).at(-1) as number[];
    const own = byteTokenizer.encode("+-0").map((id) => Math.exp(last[id] as number));
    return -Math.log((own[gold] as number) / own.reduce((sum, value) => sum + value, 0));
  });
  const mean = expected.reduce((sum, loss) => sum + loss, 0) / expected.length;
  expect(model.loss(params, batch).dataSync()[0]).toBeCloseTo(mean, 5);
});

test("the derivatives of the softmax over options equal finite differences", () => {
  const params = randomParams(shape, 3);
  const examples = [example("ab:", ["xy", "xz", "w"], 1), example("c:", ["p", "qrs"], 0)];
  const batch = optionBatch(examples, [8]);
  const { gradient, hvp } = derivativeErrors((p) => model.loss(p, batch), params);
  expect(gradient).toBeLessThan(2e-3);
  expect(hvp).toBeLessThan(1e-2);
});
