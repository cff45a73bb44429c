import { isDeepStrictEqual } from "node:util";
import type { RunConfig } from "../config/schema.js";
import { type EvaluationRecord, readEvaluation } from "./record/evaluationRecord.js";
import type { RunRecord } from "./record/runDirectory.js";
import { readRunRecord, runDirectory } from "./record/runDirectory.js";
import { readMetrics } from "./record/runMetrics.js";

/**
 * Reads a trained and evaluated run from its directory.
 *
 * @param config if given, a run with another config counts as absent
 * @returns nothing if the directory holds no finished run
 * @throws MetaError `BAD_DATA` for files that are not what metalearn writes
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

/** The config as it reads back from JSON, without undefined keys. */
function asJson(config: RunConfig): unknown {
  return JSON.parse(JSON.stringify(config));
}

/** A finished run of a comparison. */
export interface ComparedRun {
  readonly name: string;
  readonly seed: number;
  readonly directory: string;
  readonly record: RunRecord;
  readonly evaluation: EvaluationRecord;
  /** Number of batches read in training. */
  readonly batches: number;
  readonly trainSeconds: number;
  /** Part of `trainSeconds` spent compiling. */
  readonly compileSeconds: number;
  /** Peak resident memory of the process up to the end of the run, earlier runs included. */
  readonly peakBytes: number;
}
