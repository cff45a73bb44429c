import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { MetaError, messageOf } from "@metalearn/core";
import { parseTaskFileName, type Split, taskFileName } from "../data/fileNames.js";

/** Files that a target task is evaluated with. */
export interface TargetFiles {
  readonly task: string;
  /** Number of rows in each file of demonstrations, from its name. */
  readonly shots: number;
  /** Seeds that have both files, in ascending order. */
  readonly seeds: readonly number[];
  path(seed: number, split: Split): string;
}

/**
 * Finds a target task's files for evaluation with `shots` demonstrations.
 *
 * When there are none with exactly that number, those with the next larger number serve: such a file holds
 * the beginning of the shuffled training data, so that its first rows are those that the smaller file would
 * hold. Without demonstrations any number serves, since the test rows are the same.
 *
 * @throws MetaError `MISSING_FILE`, listing the files that exist
 */
export async function findTargetFiles(
  root: string,
  task: string,
  shots: number,
): Promise<TargetFiles> {
  const folder = join(root, task);
  const entries = await readdir(folder).catch((cause) => {
    throw new MetaError("MISSING_FILE", `${folder} cannot be read: ${messageOf(cause)}.`, {
      cause,
    });
  });
  const own = entries.map(parseTaskFileName).filter((name) => name?.task === task);
  const seedsByShots = new Map<number, number[]>();
  for (const name of own) {
    if (name?.split !== "test") continue;
    const hasTrain = entries.includes(taskFileName({ ...name, split: "train" }));
    if (!hasTrain) continue;
    seedsByShots.set(name.shots, [...(seedsByShots.get(name.shots) ?? []), name.seed]);
  }
  const available = [...seedsByShots.keys()].sort((a, b) => a - b);
  const chosen = available.find((count) => count >= shots);
  if (chosen === undefined) {
    const wanted = (["train", "test"] as const).map(
      (split) => `${task}_${shots}_{seed}_${split}.jsonl`,
    );
    const found = available.length > 0 ? `files for ${available.join(", ")} shots` : "none";
    throw new MetaError(
      "MISSING_FILE",
      `For ${shots} shots of ${task}, expected ${wanted.join(" and ")} in ${folder}, or files for more shots, got ${found}.${available.length > 0 ? " Lower shots." : ""}`,
    );
  }
  return {
    task,
    shots: chosen,
    seeds: (seedsByShots.get(chosen) ?? []).sort((a, b) => a - b),
    path: (seed, split) => join(folder, taskFileName({ task, shots: chosen, seed, split })),
  };
}
