import type { Comparison, ComparisonRow, EvaluationRecord, Summary } from "@metalearn/core/runs";
import { cellsOf } from "@metalearn/test-support/scores";
import { describe, expect, test } from "vitest";
import { comparisonTable, duration, evaluationTable } from "../src/terminalTables.js";
import { comparedRun } from "./support/comparedRun.js";

const summary = (mean: number, worst: number): Summary => ({ tasks: 2, mean, worst, chance: 0.5 });

const row = (more: Partial<ComparisonRow>): ComparisonRow => ({
  name: "maml",
  seeds: [1],
  all: summary(0.75, 0.5),
  deviation: 0,
  batches: 100,
  trainSeconds: 60,
  ...more,
});

const table = (...rows: ComparisonRow[]) =>
  cellsOf(comparisonTable({ runs: [], rows } satisfies Comparison));

describe("the table of a comparison", () => {
  test("shows mean and worst scores, training and cost, and what chance gives", () => {
    const seeds = [1, 2];
    expect(
      table(
        row({ name: "untrained", batches: 0, trainSeconds: 0 }),
        row({ seeds, deviation: 0.0123, unseen: summary(1, 0.125), batches: 99.6 }),
      ),
    ).toEqual([
      ["", "all tasks", "unseen domains", "± seeds", "batches", "training"],
      ["untrained", "75.0 / 50.0", "", "", "none", ""],
      ["maml", "75.0 / 50.0", "100.0 / 12.5", "1.2", "100", "1 min 0 s"],
      ["random answers", "50.0", "", "", "", ""],
    ]);
  });

  test("has no column for unseen domains where there are none", () => {
    expect(table(row({}))[0]).toEqual(["", "all tasks", "± seeds", "batches", "training"]);
  });

  const scores = { 100: 0.5 };
  test.each([
    [["poem", "verse"], ["prose"], "averaged over 2 tasks never trained on"],
    [["poem"], ["prose"], "averaged over 1 task never trained on"],
    [["poem", "verse"], ["prose", "poem"], "2 tasks, of which 1 is a training task, too: poem"],
  ])("says which of %j were trained on when %j were", (targets, trainingTasks, said) => {
    const tasks = Object.fromEntries(targets.map((task) => [task, scores]));
    const runs = [comparedRun({ tasks, record: { trainingTasks } })];
    expect(comparisonTable({ runs, rows: [row({})] })).toContain(said);
  });

  test("says that episodes were held out, whose task has the name of the training task", () => {
    const run = comparedRun({ tasks: { sine: scores }, record: { trainingTasks: ["sine"] } });
    const tasks = run.evaluation.tasks.map((task) => ({ ...task, episodic: true }));
    const runs = [{ ...run, evaluation: { ...run.evaluation, tasks } }];
    expect(comparisonTable({ runs, rows: [row({})] })).toContain(
      "averaged over held-out episodes of 1 task (",
    );
  });
});

test("the table of an evaluation marks tasks of unseen domains", () => {
  const task = { metric: "accuracy", seeds: [], mean: 0.5, worst: 0.25, chance: 0.3333 } as const;
  const evaluation: EvaluationRecord = {
    format: 1,
    seeds: [100],
    seconds: 1,
    compileSeconds: 0,
    peakBytes: 1e9,
    tasks: [
      { ...task, task: "a", unseenDomain: false },
      { ...task, task: "b", unseenDomain: true, metric: "macro-f1" },
    ],
    all: summary(0.5, 0.25),
    unseen: summary(0.4, 0.2),
  };
  expect(cellsOf(evaluationTable(evaluation))).toEqual([
    ["task", "metric", "mean, %", "worst, %", "chance, %"],
    ["a", "accuracy", "50.0", "25.0", "33.3"],
    ["b *", "macro-f1", "50.0", "25.0", "33.3"],
    ["all tasks", "", "50.0", "25.0", "50.0"],
    ["unseen domains *", "", "40.0", "20.0", "50.0"],
  ]);
});

test.each([
  [0, "0 s"],
  [59.4, "59 s"],
  [59.6, "1 min 0 s"],
  [200, "3 min 20 s"],
  [3599.7, "1 h 0 min"],
  [7195, "2 h 0 min"], // 1 h 59 min 55 s
  [7500, "2 h 5 min"],
])("%d seconds are %s", (seconds, text) => {
  expect(duration(seconds)).toBe(text);
});
