import type { DataFinding } from "@metalearn/core";
import { counted } from "@metalearn/core";
import type { Example } from "../data/example.js";

/** Rows of a task. */
export interface TaskRows {
  readonly task: string;
  readonly examples: readonly Example[];
}

/** Rows that a target is evaluated with. */
export interface TargetRows extends TaskRows {
  /** Demonstrations by seed. */
  readonly demonstrations: ReadonlyMap<number, readonly Example[]>;
}

/**
 * Finds test rows whose input is a training input, or is shown as a demonstration. Inputs are compared by
 * their letters and digits, without case, so that the same text in two layouts is found.
 */
export function findLeaks(
  training: readonly TaskRows[],
  targets: readonly TargetRows[],
): DataFinding[] {
  const trainedOn = training.map(({ task }) => task);
  const same = targets.filter(({ task }) => trainedOn.includes(task));
  const findings: DataFinding[] = same.map(({ task }) => ({
    topic: "leak",
    severity: "warning",
    tasks: [task],
    message: "is both a training task and a target",
  }));
  const known = training.map(({ task, examples }) => ({ task, inputs: inputsOf(examples) }));
  for (const { task, examples, demonstrations } of targets) {
    const asked = [...inputsOf(examples)];
    for (const { task: other, inputs } of known) {
      const common = asked.filter((input) => inputs.has(input)).length;
      if (common === 0) continue;
      findings.push({
        topic: "leak",
        severity: "warning",
        tasks: [task, other],
        message: `${common} of its ${counted(asked.length, "different test input")} ${common === 1 ? "is" : "are"} among the training rows of ${other}`,
      });
    }
    const shown = [...demonstrations].flatMap(([seed, rows]) => {
      const inputs = inputsOf(rows);
      const common = asked.filter((input) => inputs.has(input)).length;
      return common > 0 ? [`${common} under seed ${seed}`] : [];
    });
    if (shown.length > 0) {
      findings.push({
        topic: "leak",
        severity: "warning",
        tasks: [task],
        message: `test inputs are among its demonstrations: ${shown.join(", ")}`,
      });
    }
  }
  return findings;
}

function inputsOf(examples: readonly Example[]): Set<string> {
  const inputs = examples.map(({ input }) => bare(input));
  return new Set(inputs.filter((input) => input !== ""));
}

/** Letters and digits of a text, in any script. */
export function bare(text: string): string {
  return text
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}]+/gu, " ")
    .trim();
}
