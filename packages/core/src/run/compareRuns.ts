import { join } from "node:path";
import type { NamedRun } from "../config/load.js";
import type { Summary } from "../evaluate/evaluate.js";
import { disposeParams } from "../params.js";
import { type EvaluationRecord, evaluateRun, readEvaluation } from "./evaluateRun.js";
import { openRun, type RunEvent, type RunOptions } from "./openRun.js";
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

/** What a comparison needs. */
export interface CompareOptions
  extends Pick<RunOptions, "toolkit" | "configFile" | "signal" | "notify"> {
  readonly runs: readonly NamedRun[];
  /** The folder that holds one directory per run. */
  readonly out: string;
  readonly onEvent?: (run: NamedRun, event: RunEvent) => void;
  readonly onRun?: (run: NamedRun, index: number) => void;
}

/**
 * Trains and evaluates every run, one after the other. Runs that are finished already are not
 * repeated, so that the same command goes on where it was stopped.
 *
 * @throws what a run throws; the runs before it stay finished
 */
export async function compareRuns(options: CompareOptions): Promise<Comparison> {
  const { out, onEvent, onRun, ...shared } = options;
  // All before any: a mistake in the last run should not show after hours.
  const runs = options.runs.map((run) => resolveRun(options.toolkit, run));
  const finished: ComparedRun[] = [];
  for (const [index, run] of runs.entries()) {
    onRun?.(run, index);
    finished.push(
      await finishRun({
        ...shared,
        name: run.name,
        config: run.config,
        directory: join(out, `${run.name}-seed${run.config.seed}`),
        onEvent: (event) => onEvent?.(run, event),
      }),
    );
  }
  return { runs: finished, rows: summarizeRuns(finished) };
}

/** Trains and evaluates one run, or reads what it found before. */
async function finishRun(options: RunOptions): Promise<ComparedRun> {
  const { directory } = options;
  const open = await openRun(options);
  try {
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
