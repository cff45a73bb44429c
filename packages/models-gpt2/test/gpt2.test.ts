import { tokenBatch } from "@metalearn/core";
import { testModel } from "@metalearn/core/testing";
import * as tf from "@tensorflow/tfjs";
import { describe, expect, test } from "vitest";
import { byteTokenizer, gpt2, gpt2Sizes, parameterShapes } from "../src/index.js";
import { randomParams } from "./support/randomParams.js";

const config = { vocabularySize: 256, maxTokens: 16, width: 8, layers: 2, heads: 2 };
const model = gpt2(config, byteTokenizer);
const sequence = (text: string, scored: number) => {
  const ids = byteTokenizer.encode(text);
  return { ids, scoredFrom: ids.length - scored };
};

testModel("gpt2", {
  create: () => model,
  batch: () => tokenBatch([sequence("abcab:cab", 3), sequence("b:a", 1)]),
  params: () => randomParams(config, 11),
  badOptions: { heads: () => gpt2({ ...config, heads: 3 }, byteTokenizer) },
});

describe("the published sizes", () => {
  // Radford et al. 2019 round; the exact counts are those of the published checkpoints.
  test.each([
    ["gpt2", 124_439_808],
    ["gpt2-medium", 354_823_168],
    ["gpt2-large", 774_030_080],
    ["gpt2-xl", 1_557_611_200],
  ] as const)("%s has %i parameters", (size, count) => {
    const shapes = Object.values(parameterShapes(gpt2Sizes[size]));
    expect(shapes.reduce((sum, shape) => sum + shape.reduce((a, b) => a * b, 1), 0)).toBe(count);
  });
});

describe("init", () => {
  test("draws weights with Hugging Face's spread, smaller where a block writes", async () => {
    const wide = gpt2({ ...config, width: 64, layers: 2 }, byteTokenizer);
    const params = await wide.init(3);
    const deviation = (name: string) =>
      Number(
        tf
          .moments(params[name] as tf.Tensor)
          .variance.sqrt()
          .dataSync()[0],
      );
    expect(deviation("wte.weight")).toBeCloseTo(0.02, 3);
    expect(deviation("h.0.mlp.c_proj.weight")).toBeCloseTo(0.02 / Math.sqrt(4), 3);
    expect(deviation("h.0.attn.c_attn.bias")).toBe(0);
    expect(params["h.0.ln_1.weight"]?.dataSync()[0]).toBe(1);
  });
});

describe("the loss", () => {
  test("does not see padding: a short sequence scores the same beside a long one", async () => {
    const params = await model.init(5);
    const short = sequence("ab:c", 1);
    const alone = model.tokenLosses(params, tokenBatch([short])).dataSync()[0];
    const beside = model.tokenLosses(params, tokenBatch([short, sequence("abcdefgh:ijk", 3)]));
    expect(beside.dataSync()[0]).toBeCloseTo(Number(alone), 6);
  });

  test("does not see the future: a changed last token leaves earlier losses alone", async () => {
    const params = await model.init(5);
    const losses = (text: string) =>
      Array.from(model.tokenLosses(params, tokenBatch([sequence(text, 4)])).dataSync());
    const [a, b] = [losses("abcdefgh"), losses("abcdefgX")];
    expect(a.slice(0, 3)).toEqual(b.slice(0, 3));
    expect(a[3]).not.toBe(b[3]);
  });

  test("is near the logarithm of the vocabulary for random parameters", async () => {
    const params = await model.init(7);
    const batch = tokenBatch([sequence("hello world", 10)]);
    expect(model.loss(params, batch).dataSync()[0]).toBeCloseTo(Math.log(256), 1);
  });
});

describe("bad shapes", () => {
  test("a tokenizer larger than the vocabulary is refused", () => {
    expect(() => gpt2({ ...config, vocabularySize: 100 }, byteTokenizer)).toThrow(
      "The byte tokenizer has 256 tokens, but the model's vocabulary only 100.",
    );
  });

  test("a sequence longer than the model reads is refused", async () => {
    const params = await model.init(1);
    const batch = tokenBatch([sequence("a".repeat(17), 1)]);
    expect(() => model.loss(params, batch)).toThrow(
      "[SHAPE_MISMATCH] The model reads at most 16 tokens, but was given 17.",
    );
  });
});
