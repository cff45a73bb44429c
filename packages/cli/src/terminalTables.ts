import { counted, printable } from "@metalearn/core";
import type { Comparison, ComparisonRow, EvaluationRecord, Summary } from "@metalearn/core/runs";
import Table from "cli-table3";
import { isEpisodic, type TrainedRun, targetsTrainedOn } from "./report/trainedOn.js";

/** Table of a comparison as papers print it: mean and worst over demonstrations, times 100. */
export function comparisonTable({
  rows,
  runs,
}: Pick<Comparison, "rows"> & { readonly runs: readonly TrainedRun[] }): string {
  const hasUnseen = rows.some((row) => row.unseen);
  const table = plainTable([
    "",
    "all tasks",
    ...(hasUnseen ? ["unseen domains"] : []),
    "± seeds",
    "batches",
    "training",
  ]);
  for (const row of rows) {
    table.push([
      printable(row.name),
      score(row.all),
      ...(hasUnseen ? [row.unseen ? score(row.unseen) : ""] : []),
      row.seeds.length > 1 ? percent(row.deviation) : "",
      row.batches === 0 ? "none" : row.batches.toFixed(0),
      row.trainSeconds === 0 ? "" : duration(row.trainSeconds),
    ]);
  }
  const [first] = rows;
  if (first) table.push(chanceRow(first, hasUnseen));
  return `${table.toString()}\n${legend(runs)}`;
}

/** Table of one checkpoint's scores, task by task. */
export function evaluationTable(evaluation: EvaluationRecord): string {
  const table = plainTable(["task", "metric", "mean, %", "worst, %", "chance, %"]);
  for (const { task, metric, unseenDomain, mean, worst, chance } of evaluation.tasks) {
    const name = printable(unseenDomain ? `${task} *` : task);
    table.push([name, metric, percent(mean), percent(worst), percent(chance)]);
  }
  const summary = (name: string, { mean, worst, chance }: Summary) =>
    table.push([name, "", percent(mean), percent(worst), percent(chance)]);
  summary("all tasks", evaluation.all);
  if (evaluation.unseen) summary("unseen domains *", evaluation.unseen);
  return table.toString();
}

/** Share as a percentage with one decimal. */
export function percent(share: number): string {
  return (100 * share).toFixed(1);
}

/** Duration as text: `< 1 s`, `45 s`, `3 min 20 s`, `2 h 5 min`. */
export function duration(seconds: number): string {
  if (seconds > 0 && seconds < 0.5) return "< 1 s";
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  const minutes = Math.round(whole / 60);
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

function score({ mean, worst }: Summary): string {
  return `${percent(mean)} / ${percent(worst)}`;
}

function chanceRow({ all, unseen }: ComparisonRow, hasUnseen: boolean): string[] {
  const own = [percent(all.chance), ...(hasUnseen ? [unseen ? percent(unseen.chance) : ""] : [])];
  return ["random answers", ...own, "", "", ""];
}

function legend(runs: readonly TrainedRun[]): string {
  return `mean / worst over sets of demonstrations or episodes, averaged over ${scored(runs)} (each by its metric, x 100)`;
}

/** Names what was scored, and says whether it was new to the models. */
function scored(runs: readonly TrainedRun[]): string {
  const tasks = runs[0]?.evaluation.tasks ?? [];
  const number = counted(tasks.length, "task");
  if (tasks.length > 0 && tasks.every(isEpisodic)) return `held-out episodes of ${number}`;
  if (runs.some(({ record }) => !record.trainingTasks)) return number;
  const known = [...new Set(runs.flatMap(targetsTrainedOn))];
  if (known.length === 0) return `${number} never trained on`;
  return `${number}, of which ${known.length} ${known.length === 1 ? "is a training task" : "are training tasks"}, too: ${known.join(", ")}`;
}

/** A table without colours, whose first column is text and whose others are numbers. */
export function plainTable(head: string[]) {
  return new Table({
    head,
    style: { head: [], border: [], compact: true },
    colAligns: ["left", ...head.slice(1).map(() => "right" as const)],
  });
}
