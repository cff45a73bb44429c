import type { Summary } from "../evaluate/scores.js";
import { mean, sampleDeviation } from "../statistics.js";
import type { ComparedRun } from "./readFinishedRun.js";

/** A row of the result table: the runs of one name, over all training seeds. */
export interface ComparisonRow {
  readonly name: string;
  readonly seeds: readonly number[];
  /** Macro-average over all tasks, averaged over training seeds. */
  readonly all: Summary;
  /** The same over unseen tasks, if there are any. */
  readonly unseen?: Summary;
  /** Sample standard deviation of the mean over training seeds; 0 with one seed. */
  readonly deviation: number;
  readonly batches: number;
  readonly trainSeconds: number;
}

/** Summarizes runs in one row per name, in the order of the runs. */
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
      deviation: sampleDeviation(own.map(({ evaluation }) => evaluation.all.mean)),
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
