import type { NamedRun } from "../config/runsOf.js";
import { MetaError } from "../errors.js";
import type { RunEvent } from "./events/runEvent.js";
import { finishRun } from "./finishRun.js";
import type { RunOptions } from "./openRun.js";
import type { ComparedRun } from "./readFinishedRun.js";
import { runPath } from "./record/runDirectory.js";
import { resolveRun } from "./resolveRun.js";
import { type ComparisonRow, summarizeRuns } from "./summarizeRuns.js";

/** A finished comparison. */
export interface Comparison {
  readonly runs: readonly ComparedRun[];
  readonly rows: readonly ComparisonRow[];
}

/** A run that failed. */
export interface FailedRun {
  readonly name: string;
  readonly seed: number;
  /** The error that it threw. */
  readonly error: unknown;
}

/** A comparison of the runs that did not fail. */
export interface ComparisonOutcome extends Comparison {
  readonly failures: readonly FailedRun[];
}

/** Options of {@link compareRuns}. */
export interface CompareOptions extends Pick<RunOptions, "toolkit" | "configFile" | "signal"> {
  readonly runs: readonly NamedRun[];
  /** The folder that holds one directory per run. */
  readonly out: string;
  /** Like {@link RunOptions.onEvent}, with the run that the event belongs to. */
  readonly onEvent?: (run: NamedRun, event: RunEvent) => unknown;
  /** Called when a run starts. */
  readonly onRun?: (run: NamedRun, index: number) => void;
  /** Called when a run has failed, before the next one starts. */
  readonly onFailure?: (failure: FailedRun) => void;
}

/**
 * Trains and evaluates every run, one after the other. Finished runs are not repeated, so the same
 * command resumes a comparison that was stopped. When a run fails, the others continue.
 *
 * @throws MetaError `INTERRUPTED` when the signal is aborted; the first run's error when all have failed
 */
export async function compareRuns(options: CompareOptions): Promise<ComparisonOutcome> {
  const { out, onEvent, onRun, onFailure, ...shared } = options;
  // Check all of them first: a mistake in the last config should not surface after hours of training.
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
