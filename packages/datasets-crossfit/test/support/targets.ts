import type { TargetTask } from "@metalearn/core";
import { type CrossfitOptions, crossfit } from "../../src/index.js";
import { writeFiles } from "./files.js";
import { letterTokenizer } from "./letters.js";

/** A row of a target task; the task's name is filled in. */
export interface TargetRow {
  readonly input: string;
  readonly output: string | readonly string[];
  readonly options?: readonly string[];
}

/** A row answered by `x` or `y`. */
export function row(
  input: string,
  output = "x",
  options: readonly string[] = ["x", "y"],
): TargetRow {
  return { input, output, options };
}

/** A data root without training tasks and with one target, `t`, from files by `{k}_{seed}_{split}`. */
export function targetRoot(
  files: Readonly<Record<string, readonly TargetRow[]>>,
  taskType: "classification" | "multi-choice" | "free-form" = "classification",
): string {
  const options = taskType === "classification" ? ["x", "y"] : null;
  return writeFiles({
    "config/s.json": { train: [], test: ["t"], unseen_domain_test: [] },
    "config/tasks/t.json": { task_type: taskType, options },
    ...Object.fromEntries(
      Object.entries(files).map(([name, rows]) => [
        `t/t_${name}.jsonl`,
        rows.map((given) => ({ task: "t", ...given })),
      ]),
    ),
  });
}

/** The target `t` of a data root, reading letters in the space style. */
export async function openTarget(
  root: string,
  options: Partial<CrossfitOptions> = {},
): Promise<TargetTask> {
  const { targets } = await crossfit({
    root,
    setting: "s",
    tokenizer: letterTokenizer,
    style: "space",
    shots: 2,
    ...options,
  });
  const [target] = targets;
  if (!target) throw new Error("there is no target");
  return target;
}
