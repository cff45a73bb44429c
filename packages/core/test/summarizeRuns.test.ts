import { expect, test } from "vitest";
import type { Summary } from "../src/evaluate/scores.js";
import type { ComparedRun } from "../src/run/readFinishedRun.js";
import { summarizeRuns } from "../src/run/summarizeRuns.js";
import { component } from "./support/plainPlugin.js";

const summary = (mean: number, worst: number): Summary => ({ tasks: 3, mean, worst, chance: 0.25 });

const run = (name: string, seed: number, all: Summary, unseen?: Summary): ComparedRun => ({
  name,
  seed,
  directory: `${name}-seed${seed}`,
  record: component({}),
  evaluation: component({ all, ...(unseen && { unseen }) }),
  batches: 100,
  trainSeconds: 10 * seed,
  compileSeconds: 1,
  peakBytes: 1e9,
});

test("a row averages the runs of one name over their training seeds", () => {
  const rows = summarizeRuns([
    run("maml", 1, summary(0.5, 0.25), summary(0.125, 0)),
    run("untrained", 1, summary(0.25, 0.125)),
    run("maml", 2, summary(1, 0.75), summary(0.375, 0.25)),
    run("maml", 3, summary(0.75, 0.5), summary(0.25, 0.125)),
  ]);
  expect(rows).toEqual([
    {
      name: "maml",
      seeds: [1, 2, 3],
      all: summary(0.75, 0.5),
      unseen: summary(0.25, 0.125),
      deviation: 0.25, // the root of (0.0625 + 0.0625 + 0) / 2
      batches: 100,
      trainSeconds: 20,
    },
    {
      name: "untrained",
      seeds: [1],
      all: summary(0.25, 0.125),
      deviation: 0, // one seed
      batches: 100,
      trainSeconds: 10,
    },
  ]);
});
