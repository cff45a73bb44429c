import type { Batch } from "../batch/batch.js";
import type { TokenSequence } from "../batch/tokenBatch.js";
import type { DataCheck } from "./dataCheck.js";
import type { ExampleBatch } from "./model.js";
import type { SamplerOptions } from "./samplerOptions.js";

/** Shape of the episodes that a learner reads per meta-update. Counts are batches of `batchSize` examples. */
export interface EpisodeShape {
  /** Episodes per meta-update: the meta-batch size. */
  readonly tasks: number;
  /** Support batches per episode. */
  readonly support: number;
  /** Query batches per episode; the sampler joins them into one batch. */
  readonly query: number;
  /**
   * Source of query examples: other examples of the support's task, tasks that are no episode's support
   * at this meta-update (MAML-en-LLM), or the support examples themselves (for tests).
   */
  readonly querySource: "same-task" | "other-tasks" | "same-examples";
  /** Source of one episode's examples: one task, or the mixture of all tasks. */
  readonly unit: "task" | "mixture";
  /**
   * Contents of batches: gold answers alone, or all options of each example (`OptionBatch`), which
   * leaves out tasks with free-form answers.
   *
   * @default "gold"
   */
  readonly answers?: "gold" | "options";
}

/** Number of batches that one meta-update reads. */
export function batchesPerUpdate({ tasks, support, query, querySource }: EpisodeShape): number {
  return tasks * (support + (querySource === "same-examples" ? 0 : query));
}

/** One task of a meta-batch: a support set and a query set. */
export interface Episode<B extends Batch = Batch> {
  /** Names of the tasks that the examples come from, without repetition. */
  readonly tasks: readonly string[];
  /** One batch per inner step; empty for learners that do not adapt. */
  readonly support: readonly B[];
  readonly query: B;
}

/** Position of a {@link TaskSampler} in its stream: plain JSON. */
export type SamplerState = Readonly<Record<string, number>>;

/**
 * An endless stream of episodes. The same seed gives the same episodes on any machine, and a restored
 * sampler continues as if it had never stopped.
 */
export interface TaskSampler<B extends Batch = Batch> {
  /** The episodes of one meta-update. The caller owns the tensors. */
  next(shape: EpisodeShape): readonly Episode<B>[];
  state(): SamplerState;
  restore(state: SamplerState): void;
}

/** Metric of answers to questions: see `metrics`. */
export type AnswerMetric =
  | "accuracy"
  | "macro-f1"
  | "classification-f1"
  | "exact-match"
  | "qa-f1"
  | "rouge-l"
  | "matthews"
  | "pearson";

/**
 * Metric of predictions. `r2` is the coefficient of determination, the explained share of the targets'
 * variance: 1 is perfect, 0 is the score of their mean, and there is no lower bound.
 */
export type PredictionMetric = "accuracy" | "r2";

/** Metric of a target task; higher is better. */
export type MetricName = AnswerMetric | PredictionMetric;

/**
 * One question to a language model: a sequence per option, where the most likely one is the answer; or a prompt, after
 * which the model generates the answer.
 */
export interface Question {
  /** Possible answers; empty where the answer is generated. */
  readonly options: readonly string[];
  /** One sequence per option. */
  readonly sequences: readonly TokenSequence[];
  /** Correct answers; more than one where a dataset lists several. */
  readonly gold: readonly string[];
  /** Token ids before the answer, where it is generated; absent where it is one of the options */
  readonly prompt?: readonly number[];
  /** Parts that were cut to the limits of the tasks. @default the question is complete */
  readonly cut?: CutQuestion;
}

/** Parts of a question that lost tokens, so that users can be told. */
export interface CutQuestion {
  /** The input of the question itself, without its answer. */
  readonly input?: TokensKept;
  /** All demonstrations before it. */
  readonly demonstrations?: TokensKept;
  /** Options of the tasks that set the limits, such as `maxTokens`. */
  readonly limits: readonly string[];
}

/** Number of tokens that are read of a text. */
export interface TokensKept {
  readonly kept: number;
  /** Number of all its tokens; where they are very many, a lower bound. */
  readonly of: number;
}

/** A held-out task for evaluation in context. */
export interface TargetTask {
  readonly name: string;
  /** True if no training task shares the task's domain. */
  readonly unseenDomain: boolean;
  readonly metric: AnswerMetric;
  /** True if answers are generated: every question has a `prompt` and no options. @default false */
  readonly isFreeForm?: boolean;
  /** Seeds for which the task has demonstrations; absent when any seed works. */
  readonly seeds?: readonly number[];
  /** Questions with the demonstrations that belong to `seed`. */
  questions(seed: number): Promise<readonly Question[]>;
  /**
   * Questions of `seed`, in the same order, with a content-free input, against which PMI calibrates (Holtzman et al.
   * 2021). Absent where the scored part is not the answer (channel).
   */
  neutralQuestions?(seed: number): Promise<readonly Pick<Question, "sequences">[]>;
  /** Answers in the demonstrations of `seed`, for the majority baseline. */
  demonstratedAnswers?(seed: number): Promise<readonly string[]>;
  /** The demonstrations of `seed` as training examples, for learners that adapt to them. */
  support?(seed: number): Promise<readonly TokenSequence[]>;
}

/** A held-out task made of episodes, for evaluating a {@link Predictor}. */
export interface EpisodeTarget {
  readonly name: string;
  /** True if no training task shares the task's domain. */
  readonly unseenDomain: boolean;
  readonly metric: PredictionMetric;
  /**
   * Episodes that belong to `seed`, one support batch each. The model adapts to each support set, and
   * one score is computed over all queries. The caller owns the tensors.
   */
  episodes(seed: number): readonly Episode<ExampleBatch>[];
}

/** Lengths of training sequences, in tokens. */
export interface TrainingLengths {
  /** A sample of lengths per task. */
  readonly byTask: readonly (readonly number[])[];
  /** Upper bound over all training sequences. */
  readonly longest: number;
}

/** A dataset of tasks: the component that `tasks` in a config names. */
export interface TaskSource<
  B extends Batch = Batch,
  T extends TargetTask | EpisodeTarget = TargetTask | EpisodeTarget,
> {
  readonly name: string;
  /** Names of the meta-training tasks. */
  readonly trainingTasks: readonly string[];
  readonly targets: readonly T[];
  /** Tasks to validate on during training: neither trained on nor targets. */
  readonly devTargets?: readonly T[];
  /** Hashes of the files that were read, by path, for the run's record. */
  readonly fingerprints: Readonly<Record<string, string>>;
  sampler(options: SamplerOptions): TaskSampler<B>;
  /**
   * Lengths of training sequences: a sample of every task, the same at every call. Absent where batches
   * need no padding.
   */
  trainingLengths?(): TrainingLengths;
  /** Looks for defects of the data that could distort results: `metalearn data check`. */
  check?(): Promise<DataCheck>;
}
