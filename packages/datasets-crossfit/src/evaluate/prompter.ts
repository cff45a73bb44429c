import type { Prompter } from "@metalearn/core";
import type { Example } from "../data/example.js";
import { atRow } from "../data/taskFile.js";
import type { CrossfitOptions, PromptFormat } from "../options.js";
import { exampleEncoder } from "../prompt/exampleEncoder.js";
import { tokenLimits } from "../prompt/tokenLimits.js";
import { questionWriter } from "./questionWriter.js";
import { requireDirect } from "./targetTask.js";

/** Options of the tasks that a prompter reads; a config has checked them. */
type PromptOptions = PromptFormat &
  Pick<CrossfitOptions, "template" | "maxTokens" | "maxExampleTokens">;

/** Writes single questions as `crossfit` writes those of targets. */
export const prompter: Prompter = (options, model) => {
  const format = options as PromptOptions;
  const { maxTokens, maxExampleTokens } = tokenLimits(format, model);
  const { tokenizer } = model;
  const { template } = format;
  const encoder = exampleEncoder({ tokenizer, format, template, maxExampleTokens });
  return ({ input, options, demonstrations, task = "question" }) => {
    const shots = demonstrations.length;
    const train = {
      path: "demonstrations",
      examples: demonstrations.map(
        ({ input, output }): Example => ({ input, outputs: [output], options }),
      ),
    };
    const asked = {
      rows: { path: "question", examples: [{ input, outputs: [""], options }] as Example[] },
      row: 0,
      answers: options,
    };
    train.examples.forEach((example, row) => {
      const use = { task, answers: example.outputs, isScored: false };
      atRow(train.path, row, () => encoder.check(example, use));
    });
    const isFreeForm = options.length === 0;
    if (isFreeForm) requireDirect(task, encoder);
    else {
      const use = { task, answers: options, isScored: true };
      atRow(asked.rows.path, 0, () => encoder.check({ input, outputs: [""], options }, use));
    }
    const room = Math.min(maxExampleTokens * Math.max(shots, 1), maxTokens);
    const choice = { task, encoder, shots, demonstrations: "fixed", maxTokens: room } as const;
    const writer = questionWriter(train, choice);
    const support = async () => writer.support();
    if (isFreeForm) {
      return {
        ...{ name: task, unseenDomain: false, metric: "exact-match", isFreeForm, support },
        questions: async () => [{ ...writer.freeFormQuestion(asked), gold: [] }],
      };
    }
    return {
      name: task,
      unseenDomain: false,
      metric: "accuracy",
      questions: async () => [{ ...writer.question(asked), gold: [] }],
      ...(encoder.method === "direct" && {
        neutralQuestions: async () => [{ sequences: writer.sequences(asked, true) }],
      }),
      support,
    };
  };
};
