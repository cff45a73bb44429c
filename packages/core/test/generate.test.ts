import * as tf from "@tensorflow/tfjs";
import { describe, expect, test } from "vitest";
import type { TargetTask } from "../src/contracts/task.js";
import { evaluate } from "../src/evaluate/evaluate.js";
import { type GenerateOptions, generateText } from "../src/generate/generate.js";
import { keepTopP } from "../src/generate/logitsFilters.js";
import { bigramModel, bigramParams } from "./support/bigramModel.js";

/** The likeliest token after 0, 1, 2, 3: see `bits`. */
const next = [3, 0, 1, 2];

const model = bigramModel;
const params = bigramParams();
const ask = (more: object) =>
  generateText({ model, params, prompt: "0", ...more } as GenerateOptions);

describe("generation", () => {
  test("takes the likeliest token", async () => {
    expect(await ask({ maxNewTokens: 5 })).toEqual({
      text: "32103",
      ids: [3, 2, 1, 0, 3],
      finishReason: "length",
    });
    expect(next[0]).toBe(3);
  });

  test("ends at stop texts and tokens", async () => {
    expect(await ask({ stop: "10" })).toEqual({
      text: "32",
      ids: [3, 2, 1, 0],
      finishReason: "stop",
    });
    expect(await ask({ eosTokenId: 1 })).toEqual({
      text: "32",
      ids: [3, 2, 1],
      finishReason: "stop",
    });
  });

  test("draws tokens as often as they are likely, the same ones for a seed", async () => {
    const drawn = { temperature: 1, maxNewTokens: 60 };
    expect(await ask({ ...drawn, seed: 3 })).toEqual(await ask({ ...drawn, seed: 3 }));
    expect(await ask({ ...drawn, seed: 4 })).not.toEqual(await ask({ ...drawn, seed: 3 }));
    const counts = [0, 0, 0, 0];
    for (let seed = 0; seed < 800; seed++) {
      const { ids } = await ask({ temperature: 1, maxNewTokens: 1, seed });
      counts[ids[0] as number] = Number(counts[ids[0] as number]) + 1;
    }
    // After 0: 1/8, 1/8, 1/4, 1/2; five standard deviations of 800 draws are at most 71.
    [100, 100, 200, 400].forEach((wanted, id) => {
      expect(Math.abs(Number(counts[id]) - wanted)).toBeLessThan(71);
    });
  });

  test("cuts the beginning of a prompt that is too long, on request", async () => {
    const prompt = `${"3".repeat(63)}1`; // 64 tokens: all that the model reads
    await expect(ask({ prompt, maxNewTokens: 2 })).rejects.toThrow(
      "[BAD_DATA] bigram reads at most 64 tokens, but the prompt has 64, and 2 are to follow. Shorten the prompt, lower maxNewTokens, or set truncatePrompt.",
    );
    expect((await ask({ prompt, maxNewTokens: 1 })).text).toBe("0");
    expect((await ask({ prompt, maxNewTokens: 2, truncatePrompt: true })).text).toBe("03");
    expect((await ask({ prompt })).ids).toHaveLength(1); // what there is room for
  });

  test.each([
    [{ prompt: "" }, "[BAD_DATA] Expected a prompt of at least 1 token, got none."],
    [{ prompt: [0, 4] }, "[BAD_DATA] Expected token ids from 0 to 3, got 4."],
    [{ prompt: undefined }, "[BAD_OPTION] Expected prompt or messages, got neither."],
    [{ messages: [] }, "[BAD_OPTION] Expected prompt or messages, got both."],
    [
      { prompt: undefined, messages: [{ role: "user", content: "0" }] },
      "[BAD_OPTION] The tokenizer of bigram (digits) has no chat template",
    ],
    [{ topP: 0.5 }, "topP: expected only with a temperature above 0"],
    [{ maxNewTokens: 65 }, "Lower maxNewTokens to 64 or less."],
    [{ model: { ...model, generation: undefined } }, "got bigram, which has no `generation`."],
  ])("explains %o", async (more, message) => {
    await expect(ask(more)).rejects.toThrow(message);
  });

  test("refuses parameters that are no numbers", async () => {
    const broken = { table: tf.fill([4, 4], Number.NaN) };
    await expect(ask({ params: broken })).rejects.toThrow("[NON_FINITE]");
  });
});

test("top-p keeps one token, whatever the share", () => {
  expect([...keepTopP(Float64Array.of(1, 3, 2), 1e-9)].filter(Number.isFinite)).toEqual([3]);
});

describe("free-form questions", () => {
  const target: TargetTask = {
    name: "next",
    unseenDomain: false,
    metric: "qa-f1",
    isFreeForm: true,
    questions: async () => [
      { options: [], sequences: [], prompt: [0], gold: ["32"] },
      { options: [], sequences: [], prompt: [1], gold: ["1 2", "03."] },
    ],
  };

  test("are answered with what is generated, and scored by all metrics of free text", async () => {
    const before = tf.memory().numTensors;
    const { tasks } = await evaluate({
      ...{ model, params, targets: [target], seeds: [1], maxNewTokens: 2 },
    });
    expect(tf.memory().numTensors).toBe(before);
    expect(tasks[0]?.seeds[0]).toEqual({
      ...{ seed: 1, score: 1, questions: 2, chance: 0 },
      freeForm: { "exact-match": 1, "qa-f1": 1, "rouge-l": 1 },
    });
  });

  test("have no options to compare", async () => {
    const options = { model, params, targets: [target], seeds: [1] };
    await expect(evaluate({ ...options, method: "pmi" })).rejects.toThrow(
      '[BAD_OPTION] The method pmi compares options, but answers to the task "next" are generated.',
    );
    const mixed = { ...target, isFreeForm: false };
    await expect(evaluate({ ...options, targets: [mixed] })).rejects.toThrow(
      "[BAD_DATA] Expected a prompt for every question of a task with isFreeForm and for no other",
    );
  });
});
