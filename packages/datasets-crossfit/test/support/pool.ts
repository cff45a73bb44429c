import { writeFiles } from "./files.js";

/** Rows `{letter}0 {letter}1 ...` of a task, answered by `x` and `y` in turn. */
function rowsOf(task: string, count: number): object[] {
  return Array.from({ length: count }, (_, i) => ({
    task,
    input: `${task}${i}`,
    output: i % 2 === 0 ? "x" : "y",
    options: ["x", "y"],
  }));
}

/** A data root with the setting `s` and one training task `t` of these rows, all with two options. */
export function rowsRoot(rows: readonly { input: string; output: string }[]): string {
  const options = ["x", "y"];
  return writeFiles({
    "config/s.json": { train: ["t"], test: [], unseen_domain_test: [] },
    "config/tasks/t.json": { task_type: "classification", options },
    "t/t_16384_100_train.jsonl": rows.map((row) => ({ task: "t", ...row, options })),
  });
}

/** A data root with the setting `s`: training tasks by name and number of rows, and no targets. */
export function poolOf(sizes: Readonly<Record<string, number>>): string {
  return writeFiles({
    "config/s.json": { train: Object.keys(sizes), test: [], unseen_domain_test: [] },
    ...Object.fromEntries(
      Object.entries(sizes).flatMap(([task, count]) => [
        [`config/tasks/${task}.json`, { task_type: "classification", options: ["x", "y"] }],
        [`${task}/${task}_16384_100_train.jsonl`, rowsOf(task, count)],
      ]),
    ),
  });
}
