import { isDeepStrictEqual } from "node:util";
import type { RunConfig } from "../config/schema.js";
import { type EvaluationRecord, readEvaluation } from "./evaluationRecord.js";
import type { RunRecord } from "./runDirectory.js";
import { readMetrics, readRunRecord, runDirectory } from "./runDirectory.js";

/**
 * A run that was trained and evaluated, from its directory; nothing where it is not finished.
 *
 * @param config of the run that is asked for: another one in that directory counts for nothing
 * @throws MetaError `BAD_DATA` for files that cannot be read
 */
export async function readFinishedRun(
  directory: string,
  config?: RunConfig,
): Promise<ComparedRun | undefined> {
  const record = await readRunRecord(runDirectory(directory));
  const evaluation = await readEvaluation(directory);
  if (!record || !evaluation) return undefined;
  if (config && !isDeepStrictEqual(record.config, asJson(config))) return undefined;
  const last = (await readMetrics(directory)).at(-1);
  return {
    name: record.name,
    seed: record.config.seed,
    directory,
    record,
    evaluation,
    batches: Number(last?.batches ?? 0),
    trainSeconds: Number(last?.seconds ?? 0),
    compileSeconds: Number(last?.compileSeconds ?? 0),
    peakBytes: Math.max(Number(last?.peakBytes ?? 0), evaluation.peakBytes),
  };
}

/** A config as its record holds it, without keys that have no value. */
function asJson(config: RunConfig): unknown {
  return JSON.parse(JSON.stringify(config));
}

/** One run of a comparison, finished. */
export interface ComparedRun {
  readonly name: string;
  readonly seed: number;
  readonly directory: string;
  readonly record: RunRecord;
  readonly evaluation: EvaluationRecord;
  /** Batches that training read. */
  readonly batches: number;
  readonly trainSeconds: number;
  /** Those of them in which functions were compiled. */
  readonly compileSeconds: number;
  /** The most memory that the process had resident up to the end of the run, earlier runs included. */
  readonly peakBytes: number;
}
