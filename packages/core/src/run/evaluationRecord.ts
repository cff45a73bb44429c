import type { Evaluation } from "../evaluate/scores.js";
import { readJson, runDirectory } from "./runDirectory.js";

/** A finished evaluation of a run: `evaluation.json`. */
export interface EvaluationRecord extends Evaluation {
  readonly format: 1;
  /** Seeds of the demonstrations or episodes. */
  readonly seeds: readonly number[];
  /** Wall-clock time. */
  readonly seconds: number;
  /** Part of `seconds` spent compiling. */
  readonly compileSeconds: number;
  /** Peak resident memory of the process up to the end of the evaluation. */
  readonly peakBytes: number;
  /** File of the answers, relative to the run's directory; absent if they are not kept. */
  readonly predictions?: string;
}

/** Reads the evaluation in a run's directory, if there is one. @throws MetaError `BAD_DATA` */
export async function readEvaluation(directory: string): Promise<EvaluationRecord | undefined> {
  return readJson(runDirectory(directory).evaluation);
}
