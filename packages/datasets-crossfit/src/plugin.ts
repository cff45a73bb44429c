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
import { defaults } from "./options.js";
import { prompter } from "./prompt/prompter.js";
import { tokenLimits } from "./prompt/tokenLimits.js";

const count = z.int().min(1);
const metric = z.enum(Object.keys(metrics) as [AnswerMetric, ...AnswerMetric[]]);

const crossfitOptions = z.strictObject({
  /** A folder in MetaICL's layout, relative to the config file. */
  root: z.string(),
  /** A file of the root's `config` folder without its ending, such as `hr_to_lr`. */
  setting: z.string(),
  /** Demonstrations in every sequence; 0 trains and evaluates without any. */
  shots: z.int().min(0).default(defaults.shots),
  /** `direct` scores the answer after the input, `channel` the input after the answer. */
  method: z.enum(["direct", "channel"]).default(defaults.method),
  /** What separates examples; `space` suits a raw GPT-2 that was never meta-trained. */
  style: z.enum(["newline", "space"]).default(defaults.style),
  /** Whether examples without options have a newline before the answer, as MetaICL's paper says. */
  separatorCompat: z.enum(["metaicl-code", "paper"]).default(defaults.separatorCompat),
  /** Instructions with {input}, {output} and {options}, for all tasks or by name (`*`: all others). */
  template: z.union([z.string(), z.record(z.string(), z.string())]).optional(),
  /** The longest example, in tokens. Default: 256, or `maxTokens` where that is less. */
  maxExampleTokens: z.int().min(4).optional(),
  /** The longest sequence, in tokens. Default: 1024, or what the model can read. */
  maxTokens: z.int().min(4).optional(),
  /** How training tasks come by their turn. */
  taskSampling: z.enum(["proportional", "uniform", "temperature"]).default(defaults.taskSampling),
  /** Of `temperature` sampling: 1 is proportional, and large is nearly uniform. */
  temperature: z.number().min(1).default(defaults.temperature),
  /** Whether a meta-update whose episodes are of one task each draws different tasks for them. */
  distinctTasks: z.boolean().default(defaults.distinctTasks),
  /** Whether a training row keeps its demonstrations, gets new ones, or the most similar rows. */
  demonstrations: z.enum(["fixed", "fresh", "nearest"]).default(defaults.demonstrations),
  /** Whether labels of classification tasks that are trained on become random English words. */
  trainLabels: z.enum(["original", "random-words"]).default(defaults.trainLabels),
  /** The same for the targets. */
  targetLabels: z.enum(["original", "random-words"]).default(defaults.targetLabels),
  /** Whether demonstrations of targets show right answers or random ones. */
  demonstrationLabels: z.enum(["gold", "random"]).default(defaults.demonstrationLabels),
  /** Answers of a task to choose from, for targets whose answers are free-form. */
  freeFormCandidates: z.int().min(2).optional(),
  /** How targets are scored, all or by name (`*`: all others). Default: macro-F1 or accuracy. */
  metrics: z.union([metric, z.record(z.string(), metric)]).optional(),
  /** Trains on the first rows of each task only. */
  maxExamplesPerTask: count.optional(),
  /** Evaluates on a fixed sample of each target's test rows. */
  maxTestExamples: count.optional(),
  /** Which of the setting's targets to evaluate on. */
  targets: z.union([z.enum(["all", "unseen"]), z.array(z.string())]).default(defaults.targets),
  /** Tasks with the files of a target to validate on; neither trained on nor targets. */
  devTasks: z.array(z.string()).default([...defaults.devTasks]),
  /** The seed in the names of the training files, and of random labels. */
  dataSeed: z.int().min(0).default(defaults.dataSeed),
  /** Whether tokens of training files are kept for later runs, in metalearn's cache directory. */
  cache: z.boolean().default(defaults.cache),
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
