import { createObjective, optionBatch, type TokenBatch, tokenBatch } from "@metalearn/core";
import { testLearner } from "@metalearn/core/testing";
import { byteTokenizer, gpt2 } from "@metalearn/models-gpt2";
import { expect, test } from "vitest";
import { metaict } from "../src/index.js";

const shape = { vocabularySize: 256, maxTokens: 8, width: 4, layers: 1, heads: 1 };
const model = gpt2({ ...shape, initializerRange: 0.3 }, byteTokenizer);
const objective = createObjective(model);
const state = { optimizer: { step: 0, update: 0, slots: {} } };

const episode = (query: TokenBatch) => ({ tasks: ["t"], support: [], query });
const sequence = (text: string) => ({ ids: byteTokenizer.encode(text), scoredFrom: 2 });

testLearner("metaict", {
  create: () => metaict({ batches: 2 }),
  badOptions: { batches: () => metaict({ batches: 0 }) },
  model,
  sampler: () => ({
    next: ({ tasks }) =>
      ["ab", "ba"].slice(0, tasks).map((text) => {
        const options = ["+", "--"].map((option) => sequence(text + option));
        return episode(optionBatch([{ sequences: options, gold: 1 }]));
      }),
    state: () => ({}),
    restore: () => {},
  }),
});

test("asks for batches of one task with all options", () => {
  expect(metaict({ batches: 3 }).episodes).toEqual({
    tasks: 3,
    support: 0,
    query: 1,
    querySource: "same-task",
    unit: "task",
    answers: "options",
  });
});

test("makes no difference between tokens that are no option", async () => {
  // The output head is wte: a token that is neither read nor an option has no gradient there, though
  // the softmax over the whole vocabulary would have one.
  const params = await model.init(1);
  const batch = optionBatch([{ sequences: ["ab+", "ab-"].map(sequence), gold: 0 }]);
  const { gradients } = metaict().metaGradient(objective, params, [episode(batch)], state);
  const rows = gradients["wte.weight"]?.arraySync() as number[][];
  const moved = rows.flatMap((row, id) => (row.some((value) => value !== 0) ? [id] : []));
  expect(moved).toEqual([...byteTokenizer.encode("+-ab")]);
});

test("refuses batches of right answers alone", async () => {
  const params = await model.init(1);
  const episodes = [episode(tokenBatch([sequence("ab+")]))];
  expect(() => metaict().metaGradient(objective, params, episodes, state)).toThrow(
    "[BAD_DATA] Expected tasks with options for in-context tuning, got batches without any.",
  );
});
