import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { MetaError } from "@metalearn/core";
import { type ComparedRun, readFinishedRun, runDirectory } from "@metalearn/core/runs";

/** Runs below a folder. */
export interface FoundRuns {
  /** Finished runs, in the order in which they were started. */
  readonly finished: readonly ComparedRun[];
  /** Directories of unfinished runs. */
  readonly unfinished: readonly string[];
}

/** Greatest depth of a sweep's folders. */
const depth = 4;

/**
 * Reads a run's directory, or all runs in a folder and its subfolders.
 *
 * @throws MetaError `MISSING_FILE` when there is no finished run
 */
export async function findRuns(folder: string): Promise<FoundRuns> {
  const directories = await runDirectories(folder, depth);
  const found = await Promise.all(
    directories.map(async (directory) => ({ directory, run: await readFinishedRun(directory) })),
  );
  const finished = found.flatMap(({ run }) => run ?? []);
  const unfinished = found.flatMap(({ directory, run }) => (run ? [] : [directory]));
  if (finished.length > 0) {
    const begun = ({ record }: ComparedRun) => Date.parse(record.created);
    return { finished: finished.sort((a, b) => begun(a) - begun(b)), unfinished };
  }
  const are = unfinished.length > 0 ? `Not finished: ${unfinished.join(", ")}.` : "";
  throw new MetaError(
    "MISSING_FILE",
    `There is no finished run in ${folder}: no folder with run.json and evaluation.json. ${are} Run metalearn compare, or name another folder.`,
  );
}

/** Directories of runs, in alphabetical order. */
async function runDirectories(folder: string, levels = depth): Promise<string[]> {
  if (existsSync(runDirectory(folder).record)) return [folder];
  if (levels === 0) return [];
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const inner = await Promise.all(
    entries
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => runDirectories(join(folder, name), levels - 1)),
  );
  return inner.flat().sort();
}
