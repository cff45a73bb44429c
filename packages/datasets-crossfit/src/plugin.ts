import {
  type AnswerMetric,
  defineFactory,
  definePlugin,
  isLanguageModel,
  MetaError,
  metrics,
} from "@metalearn/core";
import { z } from "zod";
import { addTask } from "./add/addTask.js";
import { crossfit } from "./crossfit.js";
import { downloadTasks } from "./download/downloadTasks.js";
import { prompter } from "./evaluate/prompter.js";
import { defaults } from "./options.js";
import { tokenLimits } from "./prompt/tokenLimits.js";

const count = z.int().min(1);
const metric = z.enum(Object.keys(metrics) as [AnswerMetric, ...AnswerMetric[]]);

const crossfitOptions = z.strictObject({
  root: z.string().describe("A folder in MetaICL's layout, relative to the config file."),
  setting: z
    .string()
    .describe("A file of the root's `config` folder without its ending, such as `hr_to_lr`."),
  shots: z
    .int()
    .min(0)
    .default(defaults.shots)
    .describe("Number of demonstrations in every sequence; 0 trains and evaluates without any."),
  method: z
    .enum(["direct", "channel"])
    .default(defaults.method)
    .describe("`direct` scores the answer after the input, `channel` the input after the answer."),
  style: z
    .enum(["newline", "space"])
    .default(defaults.style)
    .describe("What separates examples; `space` suits a raw GPT-2 that was never meta-trained."),
  separatorCompat: z
    .enum(["metaicl-code", "paper"])
    .default(defaults.separatorCompat)
    .describe(
      "Whether examples without options have a newline before the answer, as MetaICL's paper says.",
    ),
  template: z
    .union([z.string(), z.record(z.string(), z.string())])
    .optional()
    .describe(
      "Instructions with {input}, {output} and {options}, for all tasks or by name (`*`: all others). Default: none.",
    ),
  maxExampleTokens: z
    .int()
    .min(4)
    .optional()
    .describe("The longest example, in tokens. Default: 256, or `maxTokens` where that is less."),
  maxTokens: z
    .int()
    .min(4)
    .optional()
    .describe("The longest sequence, in tokens. Default: 1024, or what the model can read."),
  taskSampling: z
    .enum(["proportional", "uniform", "temperature"])
    .default(defaults.taskSampling)
    .describe(
      "How training tasks come by their turn: by their number of rows, all alike, or in between.",
    ),
  temperature: z
    .number()
    .min(1)
    .default(defaults.temperature)
    .describe(
      "Of `temperature` sampling: a task of n rows has the weight n^(1/temperature), so that 1 is proportional, and large is nearly uniform.",
    ),
  distinctTasks: z
    .boolean()
    .default(defaults.distinctTasks)
    .describe(
      "Whether a meta-update whose episodes are of one task each draws different tasks for them.",
    ),
  demonstrations: z
    .enum(["fixed", "fresh", "nearest"])
    .default(defaults.demonstrations)
    .describe(
      "Whether a training row keeps its demonstrations, gets new ones, or the most similar rows.",
    ),
  trainLabels: z
    .enum(["original", "random-words"])
    .default(defaults.trainLabels)
    .describe(
      "Whether labels of classification tasks that are trained on become random English words.",
    ),
  targetLabels: z
    .enum(["original", "random-words"])
    .default(defaults.targetLabels)
    .describe("Whether labels of classification targets become random English words."),
  demonstrationLabels: z
    .enum(["gold", "random"])
    .default(defaults.demonstrationLabels)
    .describe("Whether demonstrations of targets show right answers or random ones."),
  freeFormCandidates: z
    .int()
    .min(2)
    .optional()
    .describe(
      "Answers of a task to choose from, for targets whose answers are free-form. Default: none, and such a target is an error.",
    ),
  metrics: z
    .union([metric, z.record(z.string(), metric)])
    .optional()
    .describe(
      "How targets are scored, all or by name (`*`: all others). Default: macro-F1 for classification, accuracy otherwise.",
    ),
  maxExamplesPerTask: count
    .optional()
    .describe("Rows of each task to train on, the first ones. Default: all."),
  maxTestExamples: count
    .optional()
    .describe("Test rows of each target to evaluate on, a fixed sample. Default: all."),
  targets: z
    .union([z.enum(["all", "unseen"]), z.array(z.string())])
    .default(defaults.targets)
    .describe(
      "Which of the setting's targets to evaluate on: all, those of unseen domains, or a list of names.",
    ),
  devTasks: z
    .array(z.string())
    .default([...defaults.devTasks])
    .describe("Tasks with the files of a target to validate on; neither trained on nor targets."),
  dataSeed: z
    .int()
    .min(0)
    .default(defaults.dataSeed)
    .describe("The seed in the names of the training files, and of random labels."),
  cache: z
    .boolean()
    .default(defaults.cache)
    .describe(
      "Whether tokens of training files are kept for later runs, in metalearn's cache directory.",
    ),
});

export default definePlugin({
  name: "@metalearn/datasets-crossfit",
  tasks: {
    crossfit: defineFactory(
      crossfitOptions.describe("Text tasks in MetaICL's format: CrossFit, UnifiedQA and your own."),
      async (options, context) => {
        const model = await context.get("model");
        if (!isLanguageModel(model)) {
          throw new MetaError(
            "BAD_CONFIG",
            `tasks (crossfit): wanted a language model, which brings a tokenizer; came ${model.name}.`,
          );
        }
        return crossfit({
          ...options,
          root: context.path(options.root),
          tokenizer: model.tokenizer,
          ...tokenLimits(options, model),
          notify: context.notify,
        });
      },
    ),
  },
  prompters: { crossfit: prompter },
  data: { add: addTask, download: downloadTasks },
});
