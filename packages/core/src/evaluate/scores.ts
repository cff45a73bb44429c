import type { MetricName } from "../contracts/task.js";

/** Score of a task with one set of demonstrations, or of episodes. */
export interface SeedScore {
  readonly seed: number;
  /** Score: at most 1, and at least 0 except for r2 and correlations. */
  readonly score: number;
  /** Number of questions, or of queries of episodes. */
  readonly questions: number;
  /** Mean score of uniformly random answers; for r2, the score of predicting the mean. */
  readonly chance: number;
  /** Share of right answers, whatever the metric; absent without questions that have options */
  readonly accuracy?: number;
  /**
   * Mean loss of the right answers, in nats per token: of the answer after its question, or with the channel
   * method of the question after its answer. Of several right options the likeliest counts. It moves long
   * before scores do. Absent where answers were not ranked by likelihood.
   */
  readonly goldLoss?: number;
  /** Agreement of generated answers by all metrics of free text; absent where answers were chosen */
  readonly freeForm?: FreeFormScores;
}

/** Scores of generated answers, from 0 to 1. */
export type FreeFormScores = Readonly<Record<"exact-match" | "qa-f1" | "rouge-l", number>>;

/** Scores of a task over all sets of demonstrations. */
export interface TaskScore {
  readonly task: string;
  readonly metric: MetricName;
  readonly unseenDomain: boolean;
  /** True for held-out episodes. @default questions were scored */
  readonly episodic?: boolean;
  readonly seeds: readonly SeedScore[];
  readonly mean: number;
  /** Lowest score over seeds. */
  readonly worst: number;
  readonly chance: number;
}

/** Macro-average over tasks. */
export interface Summary {
  readonly tasks: number;
  readonly mean: number;
  readonly worst: number;
  readonly chance: number;
}

/** Result of an evaluation. */
export interface Evaluation {
  readonly tasks: readonly TaskScore[];
  readonly all: Summary;
  /** Average over targets of unseen domains; absent if there are none. */
  readonly unseen?: Summary;
}
