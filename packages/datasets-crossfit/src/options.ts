import { type AnswerMetric, metrics, type Tokenizer } from "@metalearn/core";
import { z } from "zod";

const count = z.int().min(1);
const metric = z.enum(Object.keys(metrics) as [AnswerMetric, ...AnswerMetric[]]);
const labels = z.enum(["original", "random-words"]).default("original");

/** The longest sequence where neither options nor a model say otherwise, as in MetaICL. */
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
      .describe("A file of the root's `config` folder without its ending, such as `hr_to_lr`."),
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
        "What separates examples: `newline` is what every meta-trained model saw; `space` suits a raw GPT-2.",
      ),
    separatorCompat: z
      .enum(["metaicl-code", "paper"])
      .default("metaicl-code")
      .describe(
        "Whether examples without options have a newline before the answer, as MetaICL's paper says (appendix B), or none, as in its code; of the newline style alone.",
      ),
    template: z
      .union([z.string(), z.record(z.string(), z.string())])
      .optional()
      .describe(
        "Instructions with {input}, {output} and {options}, for all tasks or by name (`*`: all others); they end with what is scored. Default: none, the examples alone.",
      ),
    maxExampleTokens: z
      .int()
      .min(4)
      .optional()
      .describe(
        "The longest example, in tokens, of which 2 stay free; longer inputs lose their end, and `shots` times as many are evaluated with. Default: 256, or `maxTokens` where that is less.",
      ),
    maxTokens: z
      .int()
      .min(4)
      .optional()
      .describe(
        `The longest sequence, in tokens. Default: ${usualMaxTokens}, or what the model can read.`,
      ),
    taskSampling: z
      .enum(["proportional", "uniform", "temperature"])
      .default("proportional")
      .describe(
        "How often each training task is drawn: in proportion to its number of rows, all alike, or in between.",
      ),
    temperature: z
      .number()
      .min(1)
      .default(2)
      .describe(
        "Of `temperature` sampling: a task of n rows has the weight n^(1/temperature), so that 1 is proportional, and large is nearly uniform.",
      ),
    distinctTasks: z
      .boolean()
      .default(false)
      .describe(
        "Whether a meta-update whose episodes are of one task each draws different tasks for them.",
      ),
    demonstrations: z
      .enum(["fixed", "fresh", "nearest"])
      .default("fixed")
      .describe(
        "Which rows are shown before one: `fixed` draws them once for each training row, `fresh` with every draw; `nearest` takes those with the most similar inputs by BM25, the most similar one last. A question of a target is shown the first rows of its seed's file, or, with `nearest`, the most similar of all.",
      ),
    trainLabels: labels.describe(
      "Whether labels of classification tasks that are trained on become random English words, which `dataSeed` decides.",
    ),
    targetLabels: labels.describe(
      "Whether labels of classification targets become random English words.",
    ),
    demonstrationLabels: z
      .enum(["gold", "random"])
      .default("gold")
      .describe(
        "Whether demonstrations of targets show right answers or random ones, others for every seed.",
      ),
    freeFormCandidates: z
      .int()
      .min(2)
      .optional()
      .describe(
        "Answers of a task to choose from, for targets whose answers are free-form. Default: none; answers are then generated.",
      ),
    metrics: z
      .union([metric, z.record(z.string(), metric)])
      .optional()
      .describe(
        "How targets are scored, all or by name (`*`: all others). Default: macro-F1 for classification, exact match for generated answers, accuracy otherwise.",
      ),
    maxExamplesPerTask: count
      .optional()
      .describe("Rows of each task to train on, the first ones. Default: all."),
    maxTestExamples: count
      .optional()
      .describe("Test rows of each target to evaluate on, a fixed sample. Default: all."),
    targets: z
      .union([z.enum(["all", "unseen"]), z.array(z.string()).readonly()])
      .default("all")
      .describe(
        "Which of the setting's targets to evaluate on: all, those of unseen domains, or a list of names.",
      ),
    devTasks: z
      .array(z.string())
      .readonly()
      .default([])
      .describe("Tasks with the files of a target to validate on; neither trained on nor targets."),
    dataSeed: z
      .int()
      .min(0)
      .default(100)
      .describe("The seed in the names of the training files, and of random labels."),
    cache: z
      .boolean()
      .default(true)
      .describe(
        "Whether tokens of training files are kept for later runs, in metalearn's cache directory. The first run then encodes all rows when training begins; without it each is encoded when it is first drawn.",
      ),
  })
  .superRefine(({ maxTokens = usualMaxTokens, maxExampleTokens = 0 }, context) => {
    if (maxExampleTokens <= maxTokens) return;
    context.addIssue({
      code: "custom",
      message: `one example must fit into a sequence, but maxExampleTokens is ${maxExampleTokens} and maxTokens is ${maxTokens}`,
    });
  })
  .describe("Text tasks in MetaICL's format: CrossFit, UnifiedQA and your own.");

/** In code, with what a run otherwise brings. */
export const crossfitInCode = crossfitOptions.safeExtend({
  tokenizer: z
    .custom<Tokenizer>(isTokenizer, "expected a tokenizer, e.g. byteTokenizer")
    .describe("Turns texts into tokens."),
  notify: z
    .custom<(message: string) => void>(
      (value) => typeof value === "function",
      "expected a function",
    )
    .default(() => () => {})
    .describe("Called with oddities of the data, one line each. Default: nobody is told."),
});

/** Options of {@link crossfit}. */
export type CrossfitOptions = z.input<typeof crossfitInCode>;

/** Options with their defaults; an absent limit is none. */
export type CompleteOptions = z.output<typeof crossfitInCode> & {
  readonly maxTokens: number;
  readonly maxExampleTokens: number;
};

type Options = z.output<typeof crossfitOptions>;

/** How examples become text. */
export type PromptFormat = Pick<Options, "method" | "style" | "separatorCompat">;

/** An instruction template for all tasks, or for tasks by name, with `*` for all others. */
export type Templates = NonNullable<Options["template"]>;

/** How often each training task is drawn. */
export type TaskSampling = Options["taskSampling"];

/** How demonstrations are chosen. */
export type DemonstrationChoice = Options["demonstrations"];

/** Whether a task's labels are its own or random English words. */
export type Labels = Options["trainLabels"];

/** Whether demonstrations show their right answers or random ones. */
export type DemonstrationLabels = Options["demonstrationLabels"];

function isTokenizer(value: unknown): boolean {
  return typeof value === "object" && value !== null && "encode" in value && "decode" in value;
}
