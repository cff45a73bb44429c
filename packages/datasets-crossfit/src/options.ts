import { type AnswerMetric, metrics, type Tokenizer } from "@metalearn/core";
import { z } from "zod";

const count = z.int().min(1);
const metric = z.enum(Object.keys(metrics) as [AnswerMetric, ...AnswerMetric[]]);
const labels = z.enum(["original", "random-words"]).default("original");

/** Default length of the longest sequence, in tokens, as in MetaICL; a model may set a lower one. */
export const usualMaxTokens = 1024;

export const crossfitOptions = z
  .strictObject({
    root: z
      .string()
      .describe(
        "A folder in MetaICL's layout, `{task}/{task}_{k}_{seed}_{split}.jsonl` and `config/`, relative to the config file.",
      ),
    setting: z
      .string()
      .describe(
        "A file of the root's `config` folder without its ending, such as `hr_to_lr`; or another file of this kind by its path, which ends in `.json`, relative to the config file.",
      ),
    shots: z
      .int()
      .min(0)
      .default(16)
      .describe(
        "Number of demonstrations in every sequence; 0 is multi-task training and zero-shot evaluation.",
      ),
    method: z
      .enum(["direct", "channel"])
      .default("direct")
      .describe(
        "`direct` scores the answer after the input, `channel` the input after the answer.",
      ),
    style: z
      .enum(["newline", "space"])
      .default("newline")
      .describe(
        "Separator of examples: `newline`, as for every meta-trained model, or `space`, which suits a raw GPT-2.",
      ),
    separatorCompat: z
      .enum(["metaicl-code", "paper"])
      .default("metaicl-code")
      .describe(
        "Separator before the answer of examples without options: a newline, as in MetaICL's paper (appendix B), or none, as in its code; for the newline style only.",
      ),
    template: z
      .union([z.string(), z.record(z.string(), z.string())])
      .optional()
      .describe(
        "Instructions with {input}, {output} and {options}, for all tasks or by name (`*`: all others); they end with the scored part. Default: none, the examples alone.",
      ),
    maxExampleTokens: z
      .int()
      .min(4)
      .optional()
      .describe(
        "Limit of one example, in tokens; 2 of them stay free. Longer inputs are cut at their end, and you are told. Evaluation sequences have at most `shots` times as many. Default: 256, or `maxTokens` where that is less or is `model`.",
      ),
    maxTokens: z
      .union([z.int().min(4), z.literal("model")])
      .optional()
      .describe(
        `Limit of one sequence, in tokens; \`model\` for as many as the model reads. Default: ${usualMaxTokens}, or the model's limit where that is less; \`model\` for single questions to published parameters.`,
      ),
    taskSampling: z
      .enum(["proportional", "uniform", "temperature"])
      .default("proportional")
      .describe(
        "Weight of each training task in draws: its number of rows, the same for all, or in between (see `temperature`).",
      ),
    temperature: z
      .number()
      .min(1)
      .default(2)
      .describe(
        "Temperature of `temperature` sampling: a task of n rows has the weight n^(1/temperature), so that 1 is proportional and large values approach uniform.",
      ),
    distinctTasks: z
      .boolean()
      .default(false)
      .describe(
        "Draws different tasks for the episodes of a meta-update, where each episode is of one task.",
      ),
    demonstrations: z
      .enum(["fixed", "fresh", "nearest"])
      .default("fixed")
      .describe(
        "Choice of demonstrations: `fixed` draws them once for each training row, `fresh` with every draw; `nearest` takes those with the most similar inputs by BM25, the most similar one last. A question of a target is shown the first rows of its seed's file, or, with `nearest`, the most similar of all.",
      ),
    trainLabels: labels.describe(
      "Labels of classification tasks that are trained on: the original ones, or random English words chosen by `dataSeed`.",
    ),
    targetLabels: labels.describe(
      "Labels of classification targets: the original ones, or random English words.",
    ),
    demonstrationLabels: z
      .enum(["gold", "random"])
      .default("gold")
      .describe(
        "Answers of targets' demonstrations: the right ones, or random ones, different for every seed.",
      ),
    freeFormCandidates: z
      .int()
      .min(2)
      .optional()
      .describe(
        "Number of answers of a task to choose from, for targets whose answers are free-form. Default: none; answers are then generated.",
      ),
    metrics: z
      .union([metric, z.record(z.string(), metric)])
      .optional()
      .describe(
        "Metric of targets, for all or by name (`*`: all others). Default: macro-F1 for classification, exact match for generated answers, accuracy otherwise.",
      ),
    maxExamplesPerTask: count
      .optional()
      .describe("Rows of each task to train on, the first ones. Default: all."),
    maxTestExamples: z
      .union([count, z.record(z.string(), count)])
      .optional()
      .describe(
        "Test rows of each target to evaluate on, a fixed sample; for all or by name (`*`: all others). Default: all.",
      ),
    targets: z
      .union([z.enum(["all", "unseen"]), z.array(z.string()).readonly()])
      .default("all")
      .describe(
        "Targets of the setting to evaluate on: all, those of unseen domains, or a list of names.",
      ),
    devTasks: z
      .array(z.string())
      .readonly()
      .default([])
      .describe(
        "Tasks to validate on, with files like a target's; they are then neither trained on nor targets.",
      ),
    dataSeed: z
      .int()
      .min(0)
      .default(100)
      .describe("The seed in the names of the training files, and of random labels."),
    cache: z
      .boolean()
      .default(true)
      .describe(
        "Keeps tokens of training files for later runs, in metalearn's cache directory. The first run then encodes all rows when training begins; otherwise each row is encoded when it is first drawn.",
      ),
  })
  .superRefine(({ maxTokens = usualMaxTokens, maxExampleTokens = 0 }, context) => {
    if (maxTokens === "model" || maxExampleTokens <= maxTokens) return;
    context.addIssue({
      code: "custom",
      message: `expected maxExampleTokens of at most maxTokens (${maxTokens}), got ${maxExampleTokens}`,
    });
  })
  .describe("Text tasks in MetaICL's format: CrossFit, UnifiedQA and your own.");

/** Options in code, which also takes what a run provides: a tokenizer and a place for messages. */
export const crossfitInCode = crossfitOptions.safeExtend({
  maxTokens: z
    .int()
    .min(4)
    .optional()
    .describe(`Limit of one sequence, in tokens. Default: ${usualMaxTokens}.`),
  tokenizer: z
    .custom<Tokenizer>(isTokenizer, "expected a tokenizer, e.g. byteTokenizer")
    .describe("Turns texts into tokens."),
  notify: z
    .custom<(message: string) => void>(
      (value) => typeof value === "function",
      "expected a function",
    )
    .default(() => () => {})
    .describe(
      "Called with one-line warnings about the data. Default: a function that does nothing.",
    ),
});

/** Options of {@link crossfit}. */
export type CrossfitOptions = z.input<typeof crossfitInCode>;

/** Options with their defaults and limits filled in. */
export type CompleteOptions = z.output<typeof crossfitInCode> & {
  readonly maxTokens: number;
  readonly maxExampleTokens: number;
};

type Options = z.output<typeof crossfitOptions>;

/** Limits of sequences and examples, as a config gives them. */
export type LimitOptions = Pick<Options, "maxTokens" | "maxExampleTokens">;

/** Format of examples as text. */
export type PromptFormat = Pick<Options, "method" | "style" | "separatorCompat">;

/** An instruction template for all tasks, or for tasks by name, with `*` for all others. */
export type Templates = NonNullable<Options["template"]>;

/** Weighting of training tasks. */
export type TaskSampling = Options["taskSampling"];

/** Choice of demonstrations. */
export type DemonstrationChoice = Options["demonstrations"];

/** Labels of a task: its own or random English words. */
export type Labels = Options["trainLabels"];

/** Answers of demonstrations: the right ones or random ones. */
export type DemonstrationLabels = Options["demonstrationLabels"];

function isTokenizer(value: unknown): boolean {
  return typeof value === "object" && value !== null && "encode" in value && "decode" in value;
}
