/** A defect of the data that could distort results. */
export interface DataFinding {
  /**
   * `leak`: test rows that are also training rows or demonstrations; `duplicate`: repeated rows, or equal
   * inputs with different answers; `labels`: missing or extremely skewed labels; `truncation`: text that
   * is cut before the model reads it; `missing`: absent files.
   */
  readonly topic: "leak" | "duplicate" | "labels" | "truncation" | "missing";
  /** `warning` if a score may be wrong because of it. */
  readonly severity: "warning" | "info";
  readonly tasks: readonly string[];
  readonly message: string;
}

/** Statistics of a task's data. */
export interface TaskStatistics {
  readonly task: string;
  readonly use: "train" | "target";
  /** Number of training rows, or of questions. */
  readonly rows: number;
  /** Number of rows with the input and answer of an earlier row. */
  readonly duplicates: number;
  /** Count of answers per label; absent where options differ between rows. */
  readonly labels?: Readonly<Record<string, number>>;
  /** Fraction of examples whose input is truncated. */
  readonly cutExamples: number;
  /** Fraction of a target's questions whose demonstrations are truncated. */
  readonly cutQuestions?: number;
  /** Mean length of an example before truncation, in tokens. */
  readonly meanTokens: number;
}

/** The result of `metalearn data check`. */
export interface DataCheck {
  readonly tasks: readonly TaskStatistics[];
  readonly findings: readonly DataFinding[];
}
