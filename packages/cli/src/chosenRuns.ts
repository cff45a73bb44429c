import { existsSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { MetaError, unknownName } from "@metalearn/core";
import { type NamedRun, type NamedRuns, runDirectory } from "@metalearn/core/runs";

/** The runs that `--run` names, one per seed. @throws MetaError `UNKNOWN_NAME` */
export function runsNamed(runs: NamedRuns, name: string): NamedRuns {
  const [first, ...others] = runs.filter((run) => run.name === name);
  if (!first) throw unknownName("run", name, [...new Set(runs.map((run) => run.name))]);
  return [first, ...others];
}

/**
 * The run that `--run` names, with the first seed, or the only one there is.
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
 * The folder for results, as an absolute path. It need not be there yet.
 *
 * @throws MetaError `BAD_OPTION` when it is a file
 */
export function outFolder(out: string): string {
  const path = resolve(out);
  const entry = statSync(path, { throwIfNoEntry: false });
  if (!entry || entry.isDirectory()) return path;
  throw new MetaError("BAD_OPTION", `out should be a folder, but ${out} is a file.`);
}

/**
 * Makes sure, as `--resume` asks, that there is something to go on from.
 *
 * @param directories of runs, one of which must have been begun
 * @throws MetaError `MISSING_FILE`
 */
export function requireBegun(directories: readonly string[]): void {
  if (directories.some((directory) => existsSync(runDirectory(directory).record))) return;
  throw new MetaError(
    "MISSING_FILE",
    `There is nothing to resume: no run has been begun in ${directories.join(", ")}. Leave --resume out to begin.`,
  );
}
