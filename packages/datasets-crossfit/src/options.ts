import { type AnswerMetric, MetaError, type Tokenizer } from "@metalearn/core";
import type { DemonstrationLabels } from "./data/randomLabels.js";
import type { Labels } from "./data/randomWords.js";
import type { PromptFormat } from "./prompt/format.js";
import type { Templates } from "./prompt/template.js";
import type { TaskSampling } from "./train/taskWeights.js";
import type { DemonstrationChoice } from "./train/trainingSequences.js";

/** Options of {@link crossfit}. */
export interface CrossfitOptions extends Partial<PromptFormat> {
  /** A folder in MetaICL's layout: `{task}/{task}_{k}_{seed}_{split}.jsonl` and `config/`. */
  readonly root: string;
  /** A file of `config/` without its ending, such as `hr_to_lr`: which tasks are trained on. */
  readonly setting: string;
  readonly tokenizer: Tokenizer;
  /**
   * Instructions that examples are written into, for all tasks or by a task's name (`*` for all
   * others), such as `"Review: {input}\nIs it {options}? {output}"`. A template ends with what is
   * scored: `{output}`, or with the channel method `{input}`.
   *
   * @default none: the examples alone, as MetaICL writes them
   */
  readonly template?: Templates | undefined;
  /**
   * The longest sequence, in tokens; a model's `maxTokens` is the most it can be. A sequence of
   * `shots` demonstrations is evaluated with at most `shots * maxExampleTokens`, one without
   * demonstrations has at most `maxExampleTokens`.
   *
   * @default 1024
   */
  readonly maxTokens?: number | undefined;
  /**
   * The longest example, in tokens, of which 2 stay free; longer inputs lose their end.
   *
   * @default 256, or `maxTokens` where that is less
   */
  readonly maxExampleTokens?: number | undefined;
  /** Demonstrations in every sequence. 0 is multi-task training and zero-shot evaluation. @default 16 */
  readonly shots?: number;
  /**
   * Which rows are shown before one: `fixed` draws them once for each training row, `fresh` with
   * every draw; `nearest` takes those with the most similar inputs by BM25, the most similar one
   * last. A question of a target is shown the first rows of its seed's file, or, with `nearest`, the
   * most similar of all its rows.
   *
   * @default "fixed"
   */
  readonly demonstrations?: DemonstrationChoice;
  /**
   * How training tasks come by their turn: in proportion to their number of rows, all alike, or in
   * proportion to that number to the power of 1 / `temperature`.
   *
   * @default "proportional"
   */
  readonly taskSampling?: TaskSampling;
  /** Of `temperature` sampling: 1 is proportional, and large is nearly uniform. @default 2 */
  readonly temperature?: number;
  /**
   * Whether a meta-update whose episodes are of one task each draws different tasks for them.
   *
   * @default false
   */
  readonly distinctTasks?: boolean;
  /**
   * Whether the labels of classification tasks that are trained on are replaced by random English
   * words, one for each label of a task, which `dataSeed` decides.
   *
   * @default "original"
   */
  readonly trainLabels?: Labels;
  /** The same for the targets. @default "original" */
  readonly targetLabels?: Labels;
  /**
   * Whether the demonstrations of targets show their right answers, or ones drawn at random, another
   * draw for every seed: how much of a score is owed to right answers.
   *
   * @default "gold"
   */
  readonly demonstrationLabels?: DemonstrationLabels;
  /**
   * Makes targets of tasks with free-form answers: the model chooses the likeliest of so many different
   * answers of the task's test rows, the right one among them, and nothing is generated.
   *
   * @default not at all: such a target is an error
   */
  readonly freeFormCandidates?: number | undefined;
  /**
   * How targets are scored, all of them or by name (`*` for all others).
   *
   * @default macro-F1 for classification, accuracy otherwise, as MetaICL scores them
   */
  readonly metrics?: AnswerMetric | Readonly<Record<string, AnswerMetric>> | undefined;
  /** Reads only the first rows of each training task. @default all */
  readonly maxExamplesPerTask?: number | undefined;
  /** Asks only a fixed sample of each target's test rows. @default all */
  readonly maxTestExamples?: number | undefined;
  /** Which of the setting's targets to evaluate on. @default "all" */
  readonly targets?: "all" | "unseen" | readonly string[];
  /**
   * Tasks to validate on while training goes on: any with the files of a target. They are neither
   * trained on nor targets, whatever the setting says.
   *
   * @default none
   */
  readonly devTasks?: readonly string[];
  /**
   * The seed in the names of the training files, `{task}_16384_{dataSeed}_train.jsonl`, and of random
   * labels.
   *
   * @default 100
   */
  readonly dataSeed?: number;
  /**
   * Whether the tokens of training files are kept in metalearn's cache directory, so that later runs
   * begin at once. The first run then encodes all rows when training begins; without a cache every
   * run encodes each row when it is first drawn.
   *
   * @default true
   */
  readonly cache?: boolean;
  /** Told about oddities of the data, one line each. @default nobody */
  readonly notify?: (message: string) => void;
}

/** The values of options that are left out, in code and in configs. */
export const defaults = {
  method: "direct",
  style: "newline",
  separatorCompat: "metaicl-code",
  shots: 16,
  demonstrations: "fixed",
  taskSampling: "proportional",
  temperature: 2,
  distinctTasks: false,
  trainLabels: "original",
  targetLabels: "original",
  demonstrationLabels: "gold",
  targets: "all",
  devTasks: [],
  dataSeed: 100,
  cache: true,
} as const satisfies Partial<CrossfitOptions>;

type Optional =
  | "maxExamplesPerTask"
  | "maxTestExamples"
  | "freeFormCandidates"
  | "metrics"
  | "template";

/** Options with their defaults filled in; an absent limit is none. */
export type CompleteOptions = Required<Omit<CrossfitOptions, Optional>> &
  Readonly<{ [K in Optional]: CrossfitOptions[K] | undefined }>;

/** @throws MetaError `BAD_OPTION` when a number is out of range */
export function completeOptions({
  root,
  setting,
  tokenizer,
  method = defaults.method,
  style = defaults.style,
  separatorCompat = defaults.separatorCompat,
  template,
  maxTokens = 1024,
  maxExampleTokens = Math.min(256, maxTokens),
  shots = defaults.shots,
  demonstrations = defaults.demonstrations,
  taskSampling = defaults.taskSampling,
  temperature = defaults.temperature,
  distinctTasks = defaults.distinctTasks,
  trainLabels = defaults.trainLabels,
  targetLabels = defaults.targetLabels,
  demonstrationLabels = defaults.demonstrationLabels,
  freeFormCandidates,
  metrics,
  maxExamplesPerTask,
  maxTestExamples,
  targets = defaults.targets,
  devTasks = defaults.devTasks,
  dataSeed = defaults.dataSeed,
  cache = defaults.cache,
  notify = () => {},
}: CrossfitOptions): CompleteOptions {
  atLeast("shots", shots, 0);
  atLeast("dataSeed", dataSeed, 0);
  atLeast("maxTokens", maxTokens, 4);
  atLeast("maxExampleTokens", maxExampleTokens, 4);
  if (maxExamplesPerTask !== undefined) atLeast("maxExamplesPerTask", maxExamplesPerTask, 1);
  if (freeFormCandidates !== undefined) atLeast("freeFormCandidates", freeFormCandidates, 2);
  if (maxTestExamples !== undefined) atLeast("maxTestExamples", maxTestExamples, 1);
  if (!(temperature >= 1)) {
    throw new MetaError("BAD_OPTION", `temperature must be at least 1, but is ${temperature}.`);
  }
  if (maxExampleTokens > maxTokens) {
    throw new MetaError(
      "BAD_OPTION",
      `One example must fit into a sequence, but maxExampleTokens is ${maxExampleTokens} and maxTokens ${maxTokens}.`,
    );
  }
  return {
    root,
    setting,
    tokenizer,
    method,
    style,
    separatorCompat,
    template,
    maxTokens,
    maxExampleTokens,
    shots,
    demonstrations,
    taskSampling,
    temperature,
    distinctTasks,
    trainLabels,
    targetLabels,
    demonstrationLabels,
    freeFormCandidates,
    metrics,
    maxExamplesPerTask,
    maxTestExamples,
    targets,
    devTasks,
    dataSeed,
    cache,
    notify,
  };
}

/** @throws MetaError `BAD_OPTION` when an option is no whole number of at least `least` */
export function atLeast(name: string, value: number, least: number): void {
  if (Number.isInteger(value) && value >= least) return;
  throw new MetaError(
    "BAD_OPTION",
    `${name} must be a whole number of at least ${least}, but is ${value}.`,
  );
}
