import type { ComparedRun } from "./compareRuns.js";
import { readEvaluation } from "./evaluateRun.js";
import { readMetrics, readRunRecord, runDirectory } from "./runDirectory.js";

/**
 * A run that was trained and evaluated, from its directory; nothing where it is not finished.
 *
 * @throws MetaError `BAD_DATA` for files that cannot be read
 */
export async function readFinishedRun(directory: string): Promise<ComparedRun | undefined> {
  const record = await readRunRecord(runDirectory(directory));
  const evaluation = await readEvaluation(directory);
  if (!record || !evaluation) return undefined;
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
