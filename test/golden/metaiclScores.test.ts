import { readFileSync } from "node:fs";
import { metrics, type Question } from "@metalearn/core";
import { predict } from "@metalearn/core/testing";
import { missing, shared } from "@metalearn/test-support/shared";
import { describe, expect, test } from "vitest";

interface Task {
  readonly options: string[];
  /** Index of the right option of each question. */
  readonly gold: number[];
  readonly runs: Record<string, { option_mean_nll: number[][]; macro_f1: number }>;
}

const file = "golden/metaicl/gpt2-large_raw_direct_k16.json";
const reason = missing(file);

describe.skipIf(reason)(`the published scores of GPT-2 Large ${reason ?? ""}`, () => {
  const { tasks } = reason
    ? { tasks: {} }
    : (JSON.parse(readFileSync(shared(file), "utf8")) as { tasks: Record<string, Task> });

  test("cover glue-rte with five seeds", () => {
    expect(Object.keys(tasks)).toEqual(["glue-rte"]);
    expect(Object.keys(tasks["glue-rte"]?.runs ?? {})).toEqual(["13", "21", "42", "87", "100"]);
  });

  test.each(
    Object.entries(tasks).flatMap(([name, task]) =>
      Object.entries(task.runs).map(([seed, run]) => ({ name, seed, run, task })),
    ),
  )("give the logged macro-F1: $name, seed $seed", ({ run, task: { options, gold } }) => {
    const answers = gold.map((index) => [options[index] ?? ""]);
    const questions = answers.map((answer): Question => ({ options, sequences: [], gold: answer }));
    const predictions = predict(questions, run.option_mean_nll.flat());
    expect(metrics["macro-f1"](predictions, answers)).toBeCloseTo(run.macro_f1, 6);
    // A macro-F1 below the accuracy is what a model that favours one label gets.
    expect(metrics.accuracy(predictions, answers)).toBeGreaterThan(run.macro_f1);
  });
});
