import type { DataCheck, TaskStatistics } from "@metalearn/core";
import { percent, plainTable } from "../terminalTables.js";

/** Table of statistics of each task's data. */
export function dataTable({ tasks }: DataCheck): string {
  const head = ["task", "use", "rows", "repeated", "labels", "tokens", "cut %", "cut shots %"];
  const table = plainTable(head);
  for (const { task, use, rows, duplicates, labels, meanTokens, ...cut } of tasks) {
    table.push([
      task,
      use,
      rows.toString(),
      duplicates.toString(),
      balance(labels),
      meanTokens.toFixed(0),
      percent(cut.cutExamples),
      cut.cutQuestions === undefined ? "" : percent(cut.cutQuestions),
    ]);
  }
  const legend =
    "labels: the share of each, in percent; tokens: mean length of an example; cut: examples that lose a part of their input, questions that lose a part of their demonstrations";
  return `${table.toString()}\n${legend}`;
}

/**
 * Shares of labels in percent, `62/30/8`, largest first; the number of labels as well when there are many.
 */
function balance(labels: TaskStatistics["labels"]): string {
  if (!labels) return "";
  const counts = Object.values(labels).sort((a, b) => b - a);
  const total = counts.reduce((sum, count) => sum + count, 0);
  const shares = counts.map((count) => ((100 * count) / total).toFixed(0));
  if (shares.length <= 4) return shares.join("/");
  return `${shares.slice(0, 3).join("/")}/... (${shares.length})`;
}
