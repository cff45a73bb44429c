import { join } from "node:path";
import { defineFactory, definePlugin } from "@metalearn/core";
import { createToolkit } from "@metalearn/core/runs";
import * as tf from "@tensorflow/tfjs";
import { expect, test } from "vitest";
import { z } from "zod";
import plugin from "../src/index.js";
import { letterTokenizer, textsOf } from "./support/letters.js";
import { row, targetRoot } from "./support/targets.js";

const base = { init: async () => ({}), loss: () => tf.scalar(0) };

const models = definePlugin({
  name: "models",
  models: {
    letters: defineFactory(z.strictObject({ maxTokens: z.int() }), ({ maxTokens }) => ({
      ...base,
      name: "letters",
      tokenizer: letterTokenizer,
      maxTokens,
      tokenLosses: () => tf.tensor1d([]),
    })),
    wordless: defineFactory(z.strictObject({}), () => ({ ...base, name: "wordless" })),
  },
});

const long = "a".repeat(40);

function tasksOf(
  options: object,
  model: { use: string; maxTokens?: number } = { use: "letters", maxTokens: 32 },
) {
  const root = targetRoot({ "1_13_train": [row(long)], "1_13_test": [row("b")] });
  const toolkit = createToolkit([plugin, models]);
  return toolkit
    .open({
      seed: 1,
      configFile: join(root, "metalearn.config.yaml"),
      references: {
        model,
        tasks: { use: "crossfit", root: ".", setting: "s", shots: 1, ...options },
      },
    })
    .get("tasks");
}

test("a config's tasks read with the model's tokenizer, as much as the model can", async () => {
  const tasks = await tasksOf({ style: "space" });
  const [target] = tasks.targets;
  const [question] = target && "questions" in target ? await target.questions(13) : [];
  // One example may be as long as the sequence, 32 less 2: 28 letters and " x", of which 27 letters,
  // " x" and the question's " b x" fit into 32 with one letter more.
  expect(question?.sequences.map(textsOf)[0]).toEqual([`${"a".repeat(26)} x b`, " x"]);
});

test("a setting's path is relative to the config file", async () => {
  const tasks = await tasksOf({ setting: "config/s.json" });
  expect(tasks.targets.map(({ name }) => name)).toEqual(
    (await tasksOf({})).targets.map(({ name }) => name),
  );
  expect(tasks.name).toBe("crossfit/s");
});

test("options are checked by name and value", async () => {
  await expect(tasksOf({ shotts: 1 })).rejects.toThrow(
    /\[BAD_CONFIG\] tasks \(crossfit\): unknown key "shotts". Did you mean "shots"\?/,
  );
  await expect(tasksOf({ method: "chanel" })).rejects.toThrow(
    /tasks \(crossfit\)\.method: expected "direct" or "channel"/,
  );
});

test("a model that reads no tokens is refused", async () => {
  await expect(tasksOf({}, { use: "wordless" })).rejects.toThrow(
    /\[BAD_CONFIG\] tasks \(crossfit\): expected a language model, which brings a tokenizer, got wordless/,
  );
});

test("sequences cannot be longer than the model reads", async () => {
  await expect(tasksOf({ maxTokens: 64 })).rejects.toThrow(
    /\[BAD_OPTION\] tasks \(crossfit\): maxTokens is 64, but letters reads at most 32 tokens/,
  );
});
