import type { Finished } from "@metalearn/test-support/command";
import { type Project, tinyRun } from "@metalearn/test-support/project";
import { cellsOf } from "@metalearn/test-support/scores";
import { beforeAll, expect, test } from "vitest";
import { runAll } from "./support/manyCommands.js";
import { projectWithTasks } from "./support/projectWithTasks.js";

const fineTune = {
  use: "fine-tune",
  innerSteps: 2,
  innerOptimizer: { use: "sgd", learningRate: 0.01 },
};

let project: Project;
let results: Finished[];
beforeAll(async () => {
  project = await projectWithTasks({
    ...tinyRun,
    sweep: { "train.steps": [4, 8] },
    compare: { seeds: [1, 2], runs: { untrained: { learner: null }, metaicl: {} } },
  });
  const lines = [
    ["compare", "--dry-run"],
    ["train", "--dry-run", "--run", "metaicl,steps=4"],
    ["train", "--run", "metaicl,steps=4", "--dry-run", "tasks.shotss=3"],
    [
      "train",
      "--dry-run",
      "--run",
      "metaicl,steps=4",
      `evaluate.adapt=${JSON.stringify(fineTune)}`,
    ],
  ];
  results = await runAll(lines.map((args) => ({ cwd: project.folder, args })));
});

test("compare --dry-run prints a row for every run and writes nothing", async () => {
  const [{ code, stdout } = { code: 1, stdout: "" }] = results;
  expect(code).toBe(0);
  const rows = cellsOf(stdout);
  expect(rows.map((cells) => cells.slice(0, 5))).toEqual([
    ["", "seeds", "parameters", "updates", "batches"],
    ["untrained,steps=4", "2", expect.any(String), "none", ""],
    ["untrained,steps=8", "2", expect.any(String), "none", ""],
    ["metaicl,steps=4", "2", expect.any(String), "4", "4"],
    ["metaicl,steps=8", "2", expect.any(String), "8", "8"],
  ]);
  // Embeddings of 256 tokens and 64 places, 16 wide: 5,120; the layer has 12 * 16^2 in matrices and
  // 13 * 16 in biases and norms; the last norm 32.
  expect(rows[1]?.[2]).toBe("8.43k");
  expect(stdout).toContain("8 runs, one after the other: about ");
  expect(stdout).toMatch(/^Time and memory are measured/m);
  expect(await project.read("runs/metaicl,steps=4-seed1/run.json")).toBeUndefined();
});

test("train --dry-run plans its run alone", () => {
  expect(results[1]?.code).toBe(0);
  expect(cellsOf(results[1]?.stdout ?? "")).toHaveLength(2);
  expect(results[1]?.stdout).toContain("1 run, one after the other: about ");
});

test("adapting to targets is planned, too", () => {
  expect(results[3]?.code).toBe(0);
  expect(cellsOf(results[3]?.stdout ?? "")[1]?.[9]).toMatch(/^(< )?\d+ s$/);
});

test("a dry run finds mistakes", () => {
  expect(results[2]).toMatchObject({ code: 2, stdout: "" });
  expect(results[2]?.stderr).toContain('unknown key "shotss". Did you mean "shots"?');
});
