import { MetaError, type Prompter, type Tokenizer } from "@metalearn/core";
import type { Example } from "../data/example.js";
import { atRow } from "../data/taskFile.js";
import type { CrossfitOptions, LimitOptions, PromptFormat } from "../options.js";
import { exampleEncoder } from "../prompt/exampleEncoder.js";
import { tokenLimits } from "../prompt/tokenLimits.js";
import { questionWriter } from "./questionWriter.js";
import { requireDirect } from "./targetTask.js";

/** Options of the tasks that a prompter reads; a config has checked them. */
type PromptOptions = PromptFormat & LimitOptions & Pick<CrossfitOptions, "template">;

/** Writes single questions as `crossfit` writes those of targets. */
export const prompter: Prompter = (options, model) => {
  const format = options as PromptOptions;
  const { maxTokens, maxExampleTokens } = tokenLimits(format, model);
  const { tokenizer } = model;
  const { template } = format;
  const questionEncoder = exampleEncoder({ tokenizer, format, template, maxExampleTokens });
  // Free text is not cut to the length of an example: only its demonstrations may be dropped.
  const textEncoder = exampleEncoder({
    ...{ tokenizer, format, template },
    maxExampleTokens: model.maxTokens,
  });
  return ({ input, options: given, demonstrations, task = "question" }) => {
    const options = distinctOptions(given);
    const shots = demonstrations.length;
    const isFreeForm = options.length === 0;
    const encoder = isFreeForm ? textEncoder : questionEncoder;
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
    if (isFreeForm) requireDirect(task, encoder);
    else {
      const use = { task, answers: options, isScored: true };
      atRow(asked.rows.path, 0, () => encoder.check({ input, outputs: [""], options }, use));
    }
    const room = isFreeForm
      ? model.maxTokens
      : Math.min(maxExampleTokens * Math.max(shots, 1), maxTokens);
    const choice = { task, encoder, shots, demonstrations: "fixed", maxTokens: room } as const;
    const writer = questionWriter(train, choice);
    const support = async () => writer.support();
    if (isFreeForm) {
      const alone = shots === 0 && template === undefined;
      return {
        ...{ name: task, unseenDomain: false, metric: "exact-match", isFreeForm, support },
        questions: async () => {
          const question = { ...writer.freeFormQuestion(asked), gold: [] };
          if (!alone) return [question];
          const { cut: _, ...whole } = question;
          return [{ ...whole, prompt: textOf(tokenizer, input) }];
        },
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

/** A text to be continued, with the tokens that the checkpoint puts before texts. */
function textOf(tokenizer: Tokenizer, text: string): number[] {
  return [...(tokenizer.around?.before ?? []), ...tokenizer.encode(text)];
}

/** @throws MetaError `BAD_DATA` for two options of the same text, which could not be distinguished */
function distinctOptions(given: readonly string[]): string[] {
  const options = given.map((option) => option.trim());
  const twice = options.find((option, i) => options.indexOf(option) < i);
  if (twice === undefined) return options;
  throw new MetaError("BAD_DATA", `Expected different options, got "${twice}" twice.`);
}
