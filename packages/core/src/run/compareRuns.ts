import type { NamedRun } from "../config/runsOf.js";
import { MetaError } from "../errors.js";
import { finishRun } from "./finishRun.js";
import type { RunOptions } from "./openRun.js";
import type { ComparedRun } from "./readFinishedRun.js";
import { resolveRun } from "./resolveRun.js";
import { runPath } from "./runDirectory.js";
import type { RunEvent } from "./runEvent.js";
import { type ComparisonRow, summarizeRuns } from "./summarizeRuns.js";

/** A finished comparison. */
export interface Comparison {
  readonly runs: readonly ComparedRun[];
  readonly rows: readonly ComparisonRow[];
}

/** A run that could not be finished. */
export interface FailedRun {
  readonly name: string;
  readonly seed: number;
  /** What went wrong. */
  readonly error: unknown;
}

/** A comparison of the runs that could be finished. */
export interface ComparisonOutcome extends Comparison {
  readonly failures: readonly FailedRun[];
}

/** What a comparison needs. */
export interface CompareOptions extends Pick<RunOptions, "toolkit" | "configFile" | "signal"> {
  readonly runs: readonly NamedRun[];
  /** The folder that holds one directory per run. */
  readonly out: string;
  /** As {@link RunOptions.onEvent}, with the run whose event it is. */
  readonly onEvent?: (run: NamedRun, event: RunEvent) => unknown;
  /** Called when a run begins. */
  readonly onRun?: (run: NamedRun, index: number) => void;
  /** Called when a run has failed; the next one begins then. */
  readonly onFailure?: (failure: FailedRun) => void;
}

/**
 * Trains and evaluates every run, one after the other. Runs that are finished already are not
 * repeated, so that the same command goes on where it was stopped. When one fails, the others go on.
 *
 * @throws MetaError `INTERRUPTED` when the signal is aborted; what a run throws, when all have failed
 */
export async function compareRuns(options: CompareOptions): Promise<ComparisonOutcome> {
  const { out, onEvent, onRun, onFailure, ...shared } = options;
  // All before any: a mistake in the last run should not show after hours.
  const runs = options.runs.map((run) => resolveRun(options.toolkit, run));
  const finished: ComparedRun[] = [];
  const failures: FailedRun[] = [];
  for (const [index, run] of runs.entries()) {
    onRun?.(run, index);
    try {
      const { name, config } = run;
      const directory = runPath(out, run);
      const onRunEvent = (event: RunEvent) => onEvent?.(run, event);
      finished.push(await finishRun({ ...shared, name, config, directory, onEvent: onRunEvent }));
    } catch (error) {
      if (error instanceof MetaError && error.code === "INTERRUPTED") throw error;
      const failure = { name: run.name, seed: run.config.seed, error };
      failures.push(failure);
      onFailure?.(failure);
    }
  }
  const [first] = failures;
  if (first && finished.length === 0) throw first.error;
  return { runs: finished, rows: summarizeRuns(finished), failures };
}
