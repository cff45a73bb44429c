import type { DataFinding, TaskStatistics } from "@metalearn/core";
import type { TaskType } from "../data/settings.js";
import { shortList } from "../data/shortList.js";
import { bare, type TaskRows } from "./findLeaks.js";

/** Findings in one task's rows. */
export interface InspectedRows extends Pick<TaskStatistics, "rows" | "duplicates" | "labels"> {
  readonly findings: readonly DataFinding[];
}

/** Share of one label from which a task is reported as having little to learn. */
const nearlyAll = 0.9;

/** Finds repeated and contradicting rows, and counts how often each label is the answer. */
export function inspectRows(
  { task, examples }: TaskRows,
  { taskType, use }: { taskType: TaskType; use: TaskStatistics["use"] },
): InspectedRows {
  const rows = examples.length;
  const what = use === "train" ? "training rows" : "test rows";
  const answersByInput = new Map<string, Map<string, number>>();
  for (const { input, outputs, options } of examples) {
    // The same question with other options is another question.
    const key = JSON.stringify([bare(input), taskType === "multi-choice" ? options : []]);
    const answers = answersByInput.get(key) ?? new Map<string, number>();
    const answer = outputs[0].trim();
    answers.set(answer, (answers.get(answer) ?? 0) + 1);
    answersByInput.set(key, answers);
  }
  const groups = [...answersByInput.values()];
  const duplicates = rows - groups.reduce((sum, answers) => sum + answers.size, 0);
  const contradicting = groups.filter(({ size }) => size > 1).length;
  const findings: DataFinding[] = [];
  const find = (topic: DataFinding["topic"], message: string) =>
    findings.push({ topic, severity: "info", tasks: [task], message });
  if (duplicates > 0)
    find("duplicate", `${what} that repeat an earlier one: ${duplicates} of ${rows}`);
  if (contradicting > 0 && taskType !== "free-form") {
    find("duplicate", `inputs of its ${what} that have different answers: ${contradicting}`);
  }
  if (taskType !== "classification") return { rows, duplicates, findings };

  const labels = Object.fromEntries(
    (examples[0]?.options ?? []).map((option) => {
      const label = option.trim();
      const count = examples.filter(({ outputs }) => outputs[0].trim() === label).length;
      return [label, count];
    }),
  );
  const never = Object.keys(labels).filter((label) => labels[label] === 0);
  if (never.length > 0)
    find("labels", `no ${what.slice(0, -1)} has the answer ${shortList(never)}`);
  const [most = "", count = 0] = Object.entries(labels).sort(([, a], [, b]) => b - a)[0] ?? [];
  if (count >= nearlyAll * rows) {
    find("labels", `${percent(count / rows)} of its ${what} have the answer ${most}`);
  }
  return { rows, duplicates, labels, findings };
}

/** Share as a percentage: `12 %`, or `0.4 %` where it is small. */
export function percent(share: number): string {
  const value = 100 * share;
  return `${value >= 10 || value === 0 ? value.toFixed(0) : value.toFixed(1)} %`;
}
