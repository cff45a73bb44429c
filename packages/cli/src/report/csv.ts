import { printable } from "@metalearn/core";
import type { Report } from "./report.js";

const head = [
  "setting",
  "method",
  "training_seed",
  "task",
  "metric",
  "unseen_domain",
  "seed",
  "score",
  "chance",
];

/** Writes every score of a report as CSV (RFC 4180): a line per run, task and set of demonstrations. */
export function renderCsv({ settings }: Report): string {
  const rows = settings.flatMap(({ name, runs }) =>
    runs.flatMap(({ method, run }) =>
      run.evaluation.tasks.flatMap(({ task, metric, unseenDomain, seeds }) =>
        seeds.map(({ seed, score, chance }) =>
          [name, method, run.seed, task, metric, unseenDomain, seed, score, chance].map((cell) =>
            printable(String(cell)),
          ),
        ),
      ),
    ),
  );
  return [head, ...rows].map((cells) => `${cells.map(quote).join(",")}\r\n`).join("");
}

function quote(cell: string): string {
  return /[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}
