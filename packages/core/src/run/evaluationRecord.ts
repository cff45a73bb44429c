import type { Evaluation } from "../evaluate/scores.js";
import { readJson, runDirectory } from "./runDirectory.js";

/** A finished evaluation of a run: `evaluation.json`. */
export interface EvaluationRecord extends Evaluation {
  readonly format: 1;
  /** The options that decide the scores. */
  readonly seeds: readonly number[];
  readonly seconds: number;
  /** Those of them in which functions were compiled. */
  readonly compileSeconds: number;
  /** The most memory that the process had resident up to the end. */
  readonly peakBytes: number;
  /** The file with the answers to all questions, relative to the run's directory; absent when not kept. */
  readonly predictions?: string;
}

/** The evaluation that a run's directory holds, if any. */
export async function readEvaluation(directory: string): Promise<EvaluationRecord | undefined> {
  return readJson(runDirectory(directory).evaluation);
}
