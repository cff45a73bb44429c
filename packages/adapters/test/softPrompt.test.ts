import { type LanguageModel, type Params, tokenBatch } from "@metalearn/core";
import {
  derivativeErrors,
  questionScorer,
  scoreSequences,
  testModel,
} from "@metalearn/core/testing";
import { byteTokenizer } from "@metalearn/models-gpt2";
import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, test } from "vitest";
import { lora, softPrompt } from "../src/index.js";
import { distance, model, sequence, shaken } from "./support/tinyGpt2.js";

const text = "read me";
const prompted = softPrompt(model, { tokens: text.length, text });
const texts: [string, number][] = [
  ["abcab:cab", 3],
  ["b:a", 1],
  ["a longer one:yes", 3],
];

let params: Params;
beforeAll(async () => {
  params = await prompted.init(5);
});

const initial = await prompted.init(5);

testModel("soft prompt", {
  create: () => softPrompt(model, { tokens: text.length }), // drawn, so that seeds differ
  batch: () => tokenBatch(texts.slice(0, 2).map(([rest, scored]) => sequence(rest, scored))),
  params: () => shaken(initial, 0.3),
  badOptions: { tokens: () => softPrompt(model, { tokens: 0 }) },
});

describe("a soft prompt of a text's embeddings", () => {
  test("makes the losses of sequences that begin with this text", () => {
    const plain = tokenBatch(texts.map(([rest, scored]) => sequence(text + rest, scored)));
    const batch = tokenBatch(texts.map(([rest, scored]) => sequence(rest, scored)));
    const expected = model.tokenLosses(params, plain).dataSync();
    expect(distance(prompted.tokenLosses(params, batch).dataSync(), expected)).toBeLessThan(1e-6);
    const loss = model.loss(params, plain).dataSync();
    expect(distance(prompted.loss(params, batch).dataSync(), loss)).toBeLessThan(1e-6);
  });

  // 37 bytes in common are a prefix of their own, which the soft prompt comes before.
  test.each(["", "the same thirty-three bytes or more, "])(
    "makes the scores of such questions, with a common beginning %j",
    async (beginning) => {
      const questions = ["one", "another"].map((input) => ["x", "yz", "yzz"].map((o) => input + o));
      const sequences = (before: string) =>
        questions.map((options) => ({
          sequences: options.map((rest) => sequence(before + beginning + rest, 2)),
        }));
      const full = sequences(text).flatMap((question) => question.sequences);
      const expected = await scoreSequences({ model, params, sequences: full });
      const scores = await questionScorer({ model: prompted, params })(sequences(""));
      expect(distance(scores, expected)).toBeLessThan(1e-6);
    },
  );
});

describe("a soft prompt", () => {
  test("has derivatives beside a frozen model that agree with central differences", () => {
    const batch = tokenBatch(texts.slice(0, 2).map(([rest, scored]) => sequence(rest, scored)));
    const prompt = shaken({ "prompt.embeddings": params["prompt.embeddings"] as tf.Tensor }, 0.5);
    const alone = derivativeErrors((p) => prompted.loss({ ...params, ...p }, batch), prompt);
    expect(alone.gradient).toBeLessThan(5e-3);
    expect(alone.hvp).toBeLessThan(5e-3);
  });

  test("begins as the embeddings of its text, over and over", async () => {
    const { "prompt.embeddings": prompt, "wte.weight": table } = await softPrompt(model, {
      tokens: 5,
      text: "ab",
    }).init(1);
    const [a, b] = byteTokenizer
      .encode("ab")
      .map((id) => tf.gather(table as tf.Tensor, id).arraySync());
    expect(prompt?.arraySync()).toEqual([a, b, a, b, a]);
  });

  test("begins as random embeddings of the vocabulary, the same for the same seed", async () => {
    const random = softPrompt(model, { tokens: 6 });
    const [one, again, other] = await Promise.all([1, 1, 2].map((seed) => random.init(seed)));
    const rows = (of: Params | undefined) => of?.["prompt.embeddings"]?.arraySync() as number[][];
    const table = one?.["wte.weight"]?.arraySync() as number[][];
    const known = new Set(table.map(String));
    for (const row of rows(one)) expect(known).toContain(String(row));
    expect(new Set(rows(one).map(String)).size).toBeGreaterThan(3);
    expect(rows(again)).toEqual(rows(one));
    expect(rows(other)).not.toEqual(rows(one));
  });

  test("leaves that much less room for tokens", () => {
    expect(prompted.maxTokens).toBe(64 - text.length);
    const fits = tokenBatch([sequence("a".repeat(64 - text.length), 1)]);
    expect(prompted.loss(params, fits).dataSync()[0]).toBeGreaterThan(0);
    const long = tokenBatch([sequence("a".repeat(65 - text.length), 1)]);
    expect(() => prompted.loss(params, long)).toThrow(
      "[SHAPE_MISMATCH] The model reads at most 57 tokens, but was given 58.",
    );
  });

  test("reads at the same with a LoRA below it and above it", async () => {
    const options = { rank: 2, targets: ["*.c_attn.weight"] };
    const [below, above] = [
      softPrompt(lora(model, options), { text, tokens: 4 }),
      lora(softPrompt(model, { text, tokens: 4 }), options),
    ] as [LanguageModel, LanguageModel];
    const at = { ...(await below.init(1)), ...shaken(await lora(model, options).init(1), 0.3) };
    expect(Object.keys(await above.init(1)).sort()).toEqual(Object.keys(at).sort());
    const batch = tokenBatch([sequence("abcab:cab", 3)]);
    const [one, other] = [below, above].map((m) => m.loss(at, batch).dataSync());
    expect(one).toEqual(other);
    const unadapted = softPrompt(model, { tokens: 4 });
    expect(one).not.toEqual(unadapted.loss(at, batch).dataSync());
  });

  test("leaves no tensor behind", () => {
    const batch = tokenBatch([sequence("abcab:cab", 3)]);
    const before = tf.memory().numTensors;
    prompted.loss(params, batch).dispose();
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe("bad options", () => {
  test.each([
    [{ tokens: 0 }, "tokens: expected a whole number of at least 1, got 0."],
    [{ tokens: 64 }, "A soft prompt of 64 tokens leaves no room: the model reads at most 64."],
    [{ text: "" }, 'text: expected a string that is not empty, got "".'],
  ])("%j is refused", (options, message) => {
    expect(() => softPrompt(model, options)).toThrow(`[BAD_OPTION] ${message}`);
  });

  test("a model that reads tokens only is refused", () => {
    const { prompts: _, ...tokensOnly } = model;
    expect(() => softPrompt(tokensOnly)).toThrow(
      "[BAD_OPTION] softPrompt: gpt2 cannot read embeddings before its tokens.",
    );
  });
});
