import { existsSync } from "node:fs";
import { readdir, realpath } from "node:fs/promises";
import { join } from "node:path";
import { isMetaError, MetaError } from "@metalearn/core";
import { type ComparedRun, readFinishedRun, runDirectory } from "@metalearn/core/runs";

/** Runs below a folder. */
export interface FoundRuns {
  /** Finished runs, in the order in which they were started. */
  readonly finished: readonly ComparedRun[];
  /** Directories of unfinished runs. */
  readonly unfinished: readonly string[];
  /** Directories whose files are damaged, each with a sentence that says how. */
  readonly damaged: readonly { readonly directory: string; readonly problem: string }[];
}

/** Greatest depth of a sweep's folders. */
const depth = 4;

/**
 * Reads a run's directory, or all runs in a folder and its subfolders. A run that is damaged is left out.
 *
 * @throws MetaError `MISSING_FILE` when there is no finished run
 */
export async function findRuns(folder: string): Promise<FoundRuns> {
  const directories = await withoutTwins(await runDirectories(folder, depth));
  const found = await Promise.all(directories.map(readRun));
  const finished = found.flatMap(({ run }) => run ?? []);
  const damaged = found.flatMap(({ directory, problem }) =>
    problem === undefined ? [] : [{ directory, problem }],
  );
  const unfinished = found.flatMap(({ directory, run, problem }) =>
    run || problem !== undefined ? [] : [directory],
  );
  if (finished.length > 0) {
    const begun = ({ record }: ComparedRun) => Date.parse(record.created);
    return { finished: finished.sort((a, b) => begun(a) - begun(b)), unfinished, damaged };
  }
  const are = unfinished.length > 0 ? `Not finished: ${unfinished.join(", ")}. ` : "";
  const problems = damaged.map(({ problem }) => `Cannot be read: ${problem} `).join("");
  throw new MetaError(
    damaged.length > 0 ? "BAD_DATA" : "MISSING_FILE",
    `There is no finished run in ${folder}: no folder with run.json and evaluation.json. ${are}${problems}Run metalearn compare, or name another folder.`,
  );
}

interface ReadRun {
  readonly directory: string;
  readonly run?: ComparedRun | undefined;
  readonly problem?: string;
}

async function readRun(directory: string): Promise<ReadRun> {
  try {
    return { directory, run: await readFinishedRun(directory) };
  } catch (error) {
    if (!isMetaError(error)) throw error;
    return { directory, problem: error.detail };
  }
}

/** Keeps one path of a run that is found under several, by symbolic links. */
async function withoutTwins(directories: readonly string[]): Promise<string[]> {
  const known = new Map<string, string>();
  for (const directory of directories) {
    const real = await realpath(directory);
    if (!known.has(real)) known.set(real, directory);
  }
  return [...known.values()];
}

/** Directories of runs, in alphabetical order. */
async function runDirectories(folder: string, levels = depth): Promise<string[]> {
  if (existsSync(runDirectory(folder).record)) return [folder];
  if (levels === 0) return [];
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const inner = await Promise.all(
    entries
      .filter((entry) => entry.isDirectory() || entry.isSymbolicLink())
      .map(({ name }) => runDirectories(join(folder, name), levels - 1)),
  );
  return inner.flat().sort();
}
