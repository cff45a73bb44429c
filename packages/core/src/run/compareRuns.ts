import { join } from "node:path";
import type { NamedRun } from "../config/load.js";
import { MetaError } from "../errors.js";
import { isBaseline } from "../evaluate/answerMethods.js";
import type { Summary } from "../evaluate/evaluate.js";
import { disposeParams } from "../params.js";
import { checkTargets } from "./checkTargets.js";
import { type EvaluationRecord, evaluateRun, readEvaluation } from "./evaluateRun.js";
import { openRun, type RunEvent, type RunOptions, runTitle } from "./openRun.js";
import { readFinishedRun } from "./readFinishedRun.js";
import { resolveRun } from "./resolveRun.js";
import type { RunRecord } from "./runDirectory.js";
import { trainRun } from "./trainRun.js";

/** One run of a comparison, finished. */
export interface ComparedRun {
  readonly name: string;
  readonly seed: number;
  readonly directory: string;
  readonly record: RunRecord;
  readonly evaluation: EvaluationRecord;
  /** Batches that training read. */
  readonly batches: number;
  readonly trainSeconds: number;
  /** Those of them in which functions were compiled. */
  readonly compileSeconds: number;
  /** The most memory that the process had resident up to the end of the run, earlier runs included. */
  readonly peakBytes: number;
}

/** A row of the result table: one name over all its training seeds. */
export interface ComparisonRow {
  readonly name: string;
  readonly seeds: readonly number[];
  /** Macro-average over tasks, averaged over training seeds. */
  readonly all: Summary;
  readonly unseen?: Summary;
  /** Sample standard deviation of the mean over training seeds; 0 with one seed. */
  readonly deviation: number;
  readonly batches: number;
  readonly trainSeconds: number;
}

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
export interface CompareOptions
  extends Pick<RunOptions, "toolkit" | "configFile" | "signal" | "notify"> {
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

/** The directory of a run: `{out}/{name}-seed{seed}`. */
export function runPath(out: string, { name, config }: NamedRun): string {
  return join(out, `${name}-seed${config.seed}`);
}

/** Trains and evaluates one run, or reads what it found before. @throws what a run throws */
export async function finishRun(options: RunOptions): Promise<ComparedRun> {
  const { directory } = options;
  const open = await openRun(options);
  try {
    const { seeds, method } = options.config.evaluate;
    checkTargets(open.tasks.targets, { seeds, method, key: "evaluate.seeds" });
    if (open.training && isBaseline(method)) {
      options.notify?.(
        `${runTitle(options)} trains, but is evaluated by the method ${method}, which asks no model. "learner: null" in its config saves the training.`,
      );
    }
    const params = await trainRun(open, options);
    try {
      if (!(await readEvaluation(directory))) await evaluateRun(open, params, options);
      return (await readFinishedRun(directory)) as ComparedRun;
    } finally {
      disposeParams(params);
    }
  } finally {
    await open.close();
  }
}

/** One row per name, in the order of the runs. */
export function summarizeRuns(runs: readonly ComparedRun[]): ComparisonRow[] {
  const names = [...new Set(runs.map(({ name }) => name))];
  return names.map((name) => {
    const own = runs.filter((run) => run.name === name);
    const unseen = own.flatMap(({ evaluation }) => evaluation.unseen ?? []);
    return {
      name,
      seeds: own.map(({ seed }) => seed),
      all: average(own.map(({ evaluation }) => evaluation.all)),
      ...(unseen.length > 0 && { unseen: average(unseen) }),
      deviation: deviation(own.map(({ evaluation }) => evaluation.all.mean)),
      batches: mean(own.map(({ batches }) => batches)),
      trainSeconds: mean(own.map(({ trainSeconds }) => trainSeconds)),
    };
  });
}

function average(summaries: readonly Summary[]): Summary {
  return {
    tasks: summaries[0]?.tasks ?? 0,
    mean: mean(summaries.map((summary) => summary.mean)),
    worst: mean(summaries.map((summary) => summary.worst)),
    chance: mean(summaries.map((summary) => summary.chance)),
  };
}

function deviation(values: readonly number[]): number {
  if (values.length < 2) return 0;
  const centre = mean(values);
  const squares = values.map((value) => (value - centre) ** 2);
  return Math.sqrt(squares.reduce((a, b) => a + b) / (values.length - 1));
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
