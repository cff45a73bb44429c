import type { Batch } from "../batch/batch.js";
import type { TokenSequence } from "../batch/tokenBatch.js";
import type { DataCheck } from "./dataCheck.js";
import type { ExampleBatch } from "./model.js";
import type { SamplerOptions } from "./samplerOptions.js";

/** What a learner wants to see at each meta-update. Counts are batches of `batchSize` examples. */
export interface EpisodeShape {
  /** Episodes per meta-update: the meta-batch size. */
  readonly tasks: number;
  /** Support batches per episode. */
  readonly support: number;
  /** Query batches per episode; they arrive joined as one batch. */
  readonly query: number;
  /**
   * Where query examples come from: the support's task (other examples of it), tasks that are
   * nobody's support at this meta-update, or the support examples themselves (for tests).
   */
  readonly querySource: "same-task" | "other-tasks" | "same-examples";
  /** Whether one episode's examples come from one task or from the mixture of all tasks. */
  readonly unit: "task" | "mixture";
  /**
   * Whether batches hold the right answers alone, or all options of each example: `OptionBatch`. Tasks
   * with free-form answers are left out then.
   *
   * @default "gold"
   */
  readonly answers?: "gold" | "options";
}

/** Batches that one meta-update reads. */
export function batchesPerUpdate({ tasks, support, query, querySource }: EpisodeShape): number {
  return tasks * (support + (querySource === "same-examples" ? 0 : query));
}

/** One task of a meta-batch. */
export interface Episode<B extends Batch = Batch> {
  /** The tasks that the examples come from, without repetition. */
  readonly tasks: readonly string[];
  /** One batch per inner step; empty for learners that do not adapt. */
  readonly support: readonly B[];
  readonly query: B;
}

/** Where a {@link TaskSampler} stands: plain JSON. */
export type SamplerState = Readonly<Record<string, number>>;

/**
 * An endless stream of episodes. The same seed gives the same episodes on any machine, and a
 * restored sampler goes on as if it had never stopped.
 */
export interface TaskSampler<B extends Batch = Batch> {
  /** The episodes of one meta-update. The caller owns the tensors. */
  next(shape: EpisodeShape): readonly Episode<B>[];
  state(): SamplerState;
  restore(state: SamplerState): void;
}

/** How answers to questions are scored: see `metrics`. */
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
 * How predictions are scored. `r2` is the coefficient of determination: the share of the targets'
 * variance that is explained. 1 is perfect, 0 what their mean would score, and there is no lower end.
 */
export type PredictionMetric = "accuracy" | "r2";

/** How a target task is scored; more is better. */
export type MetricName = AnswerMetric | PredictionMetric;

/** One question to a language model: a sequence per option, of which the best is the answer. */
export interface Question {
  readonly options: readonly string[];
  /** One sequence per option. */
  readonly sequences: readonly TokenSequence[];
  /** Acceptable answers. */
  readonly gold: readonly string[];
}

/** A task to be evaluated on in context, never trained on. */
export interface TargetTask {
  readonly name: string;
  /** Whether no training task shares its domain. */
  readonly unseenDomain: boolean;
  readonly metric: AnswerMetric;
  /** The seeds that it has demonstrations for; absent when any will do. */
  readonly seeds?: readonly number[];
  /** The questions under the demonstrations that belong to `seed`. */
  questions(seed: number): Promise<readonly Question[]>;
  /**
   * The same questions, in the same order, about an input that says nothing: what calibrated answers
   * (PMI) are compared with. Absent where the answer is not what is scored.
   */
  neutralQuestions?(seed: number): Promise<readonly Pick<Question, "sequences">[]>;
  /** The answers that the demonstrations of `seed` show, for the baseline that gives the most frequent. */
  demonstratedAnswers?(seed: number): Promise<readonly string[]>;
  /** The same demonstrations as examples to learn from, for learners that adapt to them. */
  support?(seed: number): Promise<readonly TokenSequence[]>;
}

/** Held-out episodes to be evaluated on, for models that predict from single inputs. */
export interface EpisodeTarget {
  readonly name: string;
  /** Whether no training task shares its domain. */
  readonly unseenDomain: boolean;
  readonly metric: PredictionMetric;
  /**
   * The episodes that belong to `seed`, one support batch each. The model adapts to each support
   * and is scored on all queries together. The caller owns the tensors.
   */
  episodes(seed: number): readonly Episode<ExampleBatch>[];
}

/** What {@link TaskSource.trainingLengths} tells. */
export interface TrainingLengths {
  readonly byTask: readonly (readonly number[])[];
  /** No training sequence is longer. */
  readonly longest: number;
}

/** A data set of tasks: what `tasks` in a config names. */
export interface TaskSource<
  B extends Batch = Batch,
  T extends TargetTask | EpisodeTarget = TargetTask | EpisodeTarget,
> {
  readonly name: string;
  /** Names of the meta-training tasks. */
  readonly trainingTasks: readonly string[];
  readonly targets: readonly T[];
  /** What training may be judged by while it goes on: neither trained on nor targets. */
  readonly devTargets?: readonly T[];
  /** Hashes of the files that were read, for the run's record. */
  readonly fingerprints: Readonly<Record<string, string>>;
  sampler(options: SamplerOptions): TaskSampler<B>;
  /**
   * Lengths of training sequences, in tokens, by the task that they come from: a sample in which
   * every task has its share, and the same at every call. Absent where batches need no padding.
   */
  trainingLengths?(): TrainingLengths;
  /** Looks for what may make results wrong: `metalearn data check`. */
  check?(): Promise<DataCheck>;
}
