import type { MetricName } from "../contracts/task.js";

/** A task's score with one set of demonstrations, or of episodes. */
export interface SeedScore {
  readonly seed: number;
  /** At most 1, and not below 0 save for r2 and correlations. */
  readonly score: number;
  /** Questions, or queries of episodes. */
  readonly questions: number;
  /** What answers drawn uniformly from the options score on average; for r2, what the mean scores. */
  readonly chance: number;
}

/** A task's scores over all sets of demonstrations. */
export interface TaskScore {
  readonly task: string;
  readonly metric: MetricName;
  readonly unseenDomain: boolean;
  readonly seeds: readonly SeedScore[];
  readonly mean: number;
  /** The lowest score over the seeds. */
  readonly worst: number;
  readonly chance: number;
}

/** The macro-average over tasks. */
export interface Summary {
  readonly tasks: number;
  readonly mean: number;
  readonly worst: number;
  readonly chance: number;
}

/** What an evaluation found. */
export interface Evaluation {
  readonly tasks: readonly TaskScore[];
  readonly all: Summary;
  /** Over the tasks whose domain no training task shares; absent when there are none. */
  readonly unseen?: Summary;
}
