import { existsSync } from "node:fs";
import { join } from "node:path";
import { taskFileName } from "../data/fileNames.js";
import { readTaskType } from "../data/settings.js";
import { readTaskFile } from "../data/taskFile.js";
import type { TrainingExamples } from "./trainingTask.js";

/** The number in the names of meta-training files: at most so many rows. */
const poolShots = 16_384;

/** The meta-training files of a setting. */
export interface TrainingData {
  readonly tasks: readonly TrainingExamples[];
  /** Files that are not there: an error once training is asked for, but not for evaluation. */
  readonly missing: readonly string[];
  /** sha256 by path. */
  readonly hashes: Readonly<Record<string, string>>;
}

/**
 * Reads the meta-training examples of tasks.
 *
 * @param maxExamplesPerTask keeps the first rows of each; the files are shuffled already
 * @throws MetaError `MISSING_FILE`; `BAD_DATA`, naming file and line
 */
export async function readTrainingData(
  root: string,
  names: readonly string[],
  { dataSeed, maxExamplesPerTask }: { dataSeed: number; maxExamplesPerTask: number | undefined },
): Promise<TrainingData> {
  const tasks: TrainingExamples[] = [];
  const missing: string[] = [];
  const hashes: Record<string, string> = {};
  for (const task of names) {
    const name = taskFileName({ task, shots: poolShots, seed: dataSeed, split: "train" });
    const path = join(root, task, name);
    if (!existsSync(path)) {
      missing.push(path);
      continue;
    }
    const taskType = await readTaskType(root, task);
    const { sha256, examples } = await readTaskFile(path, { task, taskType });
    hashes[path] = sha256;
    tasks.push({ name: task, path, examples: examples.slice(0, maxExamplesPerTask) });
  }
  return { tasks, missing, hashes };
}
