import { existsSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { MetaError, unknownName } from "@metalearn/core";
import { type NamedRun, type NamedRuns, runDirectory } from "@metalearn/core/runs";

/** Runs named by `--run`, one per seed. @throws MetaError `UNKNOWN_NAME` */
export function runsNamed(runs: NamedRuns, name: string): NamedRuns {
  const [first, ...others] = runs.filter((run) => run.name === name);
  if (!first) throw unknownName("run", name, [...new Set(runs.map((run) => run.name))]);
  return [first, ...others];
}

/**
 * Run named by `--run`, with the first seed, or the only run there is.
 *
 * @throws MetaError `BAD_OPTION` when there are several and none is named; `UNKNOWN_NAME`
 */
export function chooseRun(runs: NamedRuns, name: string | undefined): NamedRun {
  if (name !== undefined) return runsNamed(runs, name)[0];
  const names = [...new Set(runs.map((run) => run.name))];
  if (names.length === 1) return runs[0];
  throw new MetaError(
    "BAD_OPTION",
    `The config has several runs. Choose one with --run: ${names.join(", ")}.`,
  );
}

/**
 * Folder for results, as an absolute path. It need not exist yet.
 *
 * @throws MetaError `BAD_OPTION` when it is a file
 */
export function outFolder(out: string): string {
  const path = resolve(out);
  const entry = statSync(path, { throwIfNoEntry: false });
  if (!entry || entry.isDirectory()) return path;
  throw new MetaError(
    "BAD_OPTION",
    `Expected a folder for out, got ${out}, which is a file. Name another one.`,
  );
}

/**
 * Checks for `--resume` that there is a run to continue.
 *
 * @param directories directories of runs; at least one must have been started
 * @throws MetaError `MISSING_FILE`
 */
export function requireBegun(directories: readonly string[]): void {
  if (directories.some((directory) => existsSync(runDirectory(directory).record))) return;
  throw new MetaError(
    "MISSING_FILE",
    `There is nothing to resume: no run has been started in ${directories.join(", ")}. Leave out --resume to start.`,
  );
}
