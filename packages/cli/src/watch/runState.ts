import { readFile } from "node:fs/promises";
import { MetaError, type TrackerRecord } from "@metalearn/core";
import {
  type EvaluationRecord,
  isLocked,
  type RunRecord,
  readEvaluation,
  readMetrics,
  readRunRecord,
  runCheckpoint,
  runDirectory,
} from "@metalearn/core/runs";

/** Current state of a run, from its files. */
export interface RunState {
  readonly record: RunRecord;
  /** Lines of metrics, oldest first. */
  readonly lines: readonly TrackerRecord[];
  /** Number of known scores of tasks and seeds; those of earlier evaluations are included. */
  readonly scores: number;
  readonly evaluation?: EvaluationRecord;
  /** True if training has ended, also if it has ended early. */
  readonly isTrained: boolean;
  /** True while a process trains or evaluates the run. */
  readonly isHeld: boolean;
}

/** Reads a run's directory. @throws MetaError `MISSING_FILE` when it holds no run */
export async function readRunState(directory: string): Promise<RunState> {
  const files = runDirectory(directory);
  const record = await readRunRecord(files);
  if (!record) {
    throw new MetaError(
      "MISSING_FILE",
      `There is no run in ${directory}: no run.json. Name a run's own folder, such as runs/maml-seed1.`,
    );
  }
  const isHeld = await isLocked(directory); // read before the files, so that they are final if no process holds the run
  const evaluation = await readEvaluation(directory);
  const scores = await readFile(files.scores, "utf8").catch(() => "");
  return {
    record,
    lines: await readMetrics(directory),
    scores: scores.split("\n").filter((line) => line.endsWith("}")).length,
    ...(evaluation && { evaluation }),
    isTrained: (await runCheckpoint(directory))?.finished === true,
    isHeld,
  };
}
