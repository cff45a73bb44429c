/** Something about data that a result may depend on without anyone noticing. */
export interface DataFinding {
  /**
   * `leak`: what is tested was trained on or shown; `duplicate`: rows that occur twice, or with different
   * answers; `labels`: labels that are missing or nearly alone; `truncation`: text that the model never
   * sees; `missing`: files.
   */
  readonly topic: "leak" | "duplicate" | "labels" | "truncation" | "missing";
  /** Whether a number may be wrong because of it. */
  readonly severity: "warning" | "info";
  readonly tasks: readonly string[];
  readonly message: string;
}

/** What a task's data is like. */
export interface TaskStatistics {
  readonly task: string;
  readonly use: "train" | "target";
  /** Rows to train on, or questions. */
  readonly rows: number;
  /** Rows whose input and answer an earlier row has. */
  readonly duplicates: number;
  /** How often each label is the answer; absent where options differ from row to row. */
  readonly labels?: Readonly<Record<string, number>>;
  /** The share of examples that lose a part of their input, from 0 to 1. */
  readonly cutExamples: number;
  /** The share of a target's questions whose demonstrations lose a part, from 0 to 1. */
  readonly cutQuestions?: number;
  /** The mean length of an example before anything is cut, in tokens. */
  readonly meanTokens: number;
}

/** The result of `metalearn data check`. */
export interface DataCheck {
  readonly tasks: readonly TaskStatistics[];
  readonly findings: readonly DataFinding[];
}
