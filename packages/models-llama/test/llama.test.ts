import { type LanguageModel, questionScorer, scoreSequences, tokenBatch } from "@metalearn/core";
import { testModel } from "@metalearn/core/testing";
import * as tf from "@tensorflow/tfjs";
import { describe, expect, test } from "vitest";
import { byteTokenizer, type LlamaConfig, llama, parameterShapes } from "../src/index.js";
import { randomParams } from "./support/randomParams.js";
import { shapes } from "./support/shapes.js";

const sequence = (text: string, scored: number) => {
  const ids = byteTokenizer.encode(text);
  return { ids, scoredFrom: ids.length - scored };
};

describe.each(Object.entries<LlamaConfig>(shapes))("%s", (family, shape) => {
  const model = llama(shape, byteTokenizer);
  const params = () => randomParams(shape, 11);

  testModel(family, {
    create: () => model,
    batch: () => tokenBatch([sequence("abcab:cab", 3), sequence("b:a", 1)]),
    params,
    badOptions: { heads: () => llama({ ...shape, heads: 5, keyValueHeads: 2 }, byteTokenizer) },
  });

  const questions = ["ab", "c"].map((query) => ({
    sequences: [": no", ": yes", ": nobody"].map((option) =>
      sequence(`one two three ${query}${option}`, option.length),
    ),
  }));
  const sequences = questions.flatMap((question) => question.sequences);
  const expectClose = (actual: readonly number[], wanted: readonly number[]) => {
    expect(actual).toHaveLength(wanted.length);
    actual.forEach((value, i) => {
      expect(Math.abs(value / Number(wanted[i]) - 1)).toBeLessThan(2e-5);
    });
  };

  test("reads what questions share once, with the scores of full sequences", async () => {
    const at = params();
    const full = await scoreSequences({ model, params: at, sequences });
    expectClose(await questionScorer({ model, params: at })(questions), full);
  });

  test("reads a soft prompt as the tokens whose embeddings it is", async () => {
    const at = params();
    const prompt = byteTokenizer.encode("soft");
    const table = at["embed_tokens.weight"] as tf.Tensor2D;
    const prompted = model.prompts?.prompted(prompt.length, () =>
      tf.gather(table, tf.tensor1d(prompt, "int32")),
    );
    const of: LanguageModel = { ...model, ...prompted };
    const longer = sequences.map(({ ids, scoredFrom }) => ({
      ids: [...prompt, ...ids],
      scoredFrom: scoredFrom + prompt.length,
    }));
    const wanted = await scoreSequences({ model, params: at, sequences: longer });
    expectClose(await scoreSequences({ model: of, params: at, sequences }), wanted);
    expectClose(await questionScorer({ model: of, params: at })(questions), wanted);
  });

  test("does not see the future: a changed last token leaves earlier losses alone", () => {
    const at = params();
    const losses = (text: string) =>
      Array.from(model.tokenLosses(at, tokenBatch([sequence(text, 4)])).dataSync());
    const [a, b] = [losses("abcdefgh"), losses("abcdefgX")];
    expect(a.slice(0, 3)).toEqual(b.slice(0, 3));
    expect(a[3]).not.toBe(b[3]);
  });
});

/** Counts of the parameters that are published, each stated by the model's page on the hub. */
test.each<[string, number, LlamaConfig]>([
  [
    "SmolLM2-135M",
    134_515_008,
    {
      vocabularySize: 49_152,
      maxTokens: 8_192,
      width: 576,
      layers: 30,
      heads: 9,
      keyValueHeads: 3,
      mlpWidth: 1_536,
      tiedHead: true,
    },
  ],
  [
    "TinyLlama-1.1B",
    1_100_048_384,
    {
      vocabularySize: 32_000,
      maxTokens: 2_048,
      width: 2_048,
      layers: 22,
      heads: 32,
      keyValueHeads: 4,
      mlpWidth: 5_632,
    },
  ],
  [
    "Llama-3.1-8B",
    8_030_261_248,
    {
      vocabularySize: 128_256,
      maxTokens: 131_072,
      width: 4_096,
      layers: 32,
      heads: 32,
      keyValueHeads: 8,
      mlpWidth: 14_336,
    },
  ],
  [
    "Mistral-7B-v0.3",
    7_248_023_552,
    {
      family: "mistral",
      vocabularySize: 32_768,
      maxTokens: 32_768,
      width: 4_096,
      layers: 32,
      heads: 32,
      keyValueHeads: 8,
      mlpWidth: 14_336,
    },
  ],
  [
    "Qwen2.5-0.5B",
    494_032_768,
    {
      family: "qwen2",
      vocabularySize: 151_936,
      maxTokens: 32_768,
      width: 896,
      layers: 24,
      heads: 14,
      keyValueHeads: 2,
      mlpWidth: 4_864,
      tiedHead: true,
    },
  ],
  [
    "Qwen3-0.6B",
    596_049_920,
    {
      family: "qwen3",
      vocabularySize: 151_936,
      maxTokens: 40_960,
      width: 1_024,
      layers: 28,
      heads: 16,
      keyValueHeads: 8,
      headWidth: 128,
      mlpWidth: 3_072,
      tiedHead: true,
    },
  ],
])("%s has %i parameters", (_, count, config) => {
  const sizes = Object.values(parameterShapes(config)).map((shape) =>
    shape.reduce((a, b) => a * b, 1),
  );
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(count);
});

test("fresh weights are drawn as transformers draws them", async () => {
  const params = await llama({ ...shapes.qwen2, width: 64 }, byteTokenizer).init(3);
  const deviation = (name: string) =>
    Number(
      tf
        .moments(params[name] as tf.Tensor)
        .variance.sqrt()
        .dataSync()[0],
    );
  expect(deviation("embed_tokens.weight")).toBeCloseTo(0.02, 3);
  expect(deviation("layers.1.mlp.down_proj.weight")).toBeCloseTo(0.02, 2);
  expect(new Set(params["layers.0.self_attn.q_proj.bias"]?.dataSync())).toEqual(new Set([0]));
  expect(new Set(params["norm.weight"]?.dataSync())).toEqual(new Set([1]));
});

describe("a bad shape", () => {
  const { llama: shape } = shapes;

  test.each<[string, Partial<LlamaConfig>, string]>([
    [
      "heads that cannot share",
      { heads: 3, keyValueHeads: 2, headWidth: 4 },
      "heads: must be a multiple of keyValueHeads (2)",
    ],
    ["a width that heads do not divide", { width: 18 }, "width: must be a multiple of heads (4)"],
    ["an odd head", { headWidth: 5 }, "headWidth: must be even"],
    ["an odd share of the width", { width: 12 }, "headWidth: must be even"],
    [
      "biases that Mistral does not have",
      { family: "mistral", mlpBias: false },
      "attentionBias: mistral has none",
    ],
    [
      "biases that Qwen3 does not have",
      { family: "qwen3", mlpBias: true },
      "mlpBias: qwen3 has none",
    ],
    [
      "a frequency between two that are the same",
      {
        ropeScaling: {
          type: "llama3",
          factor: 2,
          lowFrequencyFactor: 4,
          highFrequencyFactor: 4,
          originalMaxTokens: 16,
        },
      },
      "ropeScaling.highFrequencyFactor: must be more than lowFrequencyFactor",
    ],
  ])("%s is refused", (_, change, message) => {
    expect(() => llama({ ...shape, ...change }, byteTokenizer)).toThrow(`[BAD_OPTION] ${message}`);
  });

  test("a sequence longer than the model reads is refused", async () => {
    const model = llama(shape, byteTokenizer);
    const batch = tokenBatch([sequence("a".repeat(33), 1)]);
    const params = await model.init(1);
    expect(() => model.loss(params, batch)).toThrow(
      "[SHAPE_MISMATCH] The model reads at most 32 tokens, but was given 33.",
    );
  });
});
