import maml from "@metalearn/algorithms-maml";
import metaicl from "@metalearn/algorithms-metaicl";
import { createToolkit } from "@metalearn/core/runs";
import optimizers from "@metalearn/optimizers";
import { describe, expect, test } from "vitest";

const toolkit = createToolkit([maml, metaicl, optimizers]);
const innerOptimizer = { use: "sgd", learningRate: 0.1 };

/** The least that a config has to say to use each learner. */
const least: Record<string, object> = {
  anil: { innerOptimizer, head: ["h.1.*"] },
  bmg: { innerOptimizer },
  boil: { innerOptimizer, head: ["h.1.*"] },
  "fine-tune": { innerOptimizer },
  fomaml: { innerOptimizer },
  imaml: { innerOptimizer },
  lslr: {},
  maml: { innerOptimizer },
  "maml-en-llm": { innerOptimizer },
  "meta-sgd": {},
  metaicl: {},
  metaict: {},
  reptile: { innerOptimizer },
};

test("every learner is tried", () => {
  expect(toolkit.names("learner")).toEqual(Object.keys(least));
});

/** Learners whose tasks are batches. */
const ofBatches = ["fine-tune", "metaicl", "metaict"];

describe.each(Object.entries(least))("%s", (use, options) => {
  const count = ofBatches.includes(use) ? "batches" : "tasks";
  const build = (more = {}) =>
    toolkit.open({ seed: 1, references: { learner: { use, ...options, ...more } } }).get("learner");

  test("is built from a config under its own name", async () => {
    expect((await build()).name).toBe(use);
    expect((await build({ [count]: 3 })).episodes.tasks).toBe(3);
  });

  test.each([
    [{ [count]: 0 }, `[BAD_CONFIG] learner (${use}).${count}`],
    [{ innerStep: 2 }, `[BAD_CONFIG] learner (${use})`],
  ])("refuses %o", async (wrong, message) => {
    await expect(build(wrong)).rejects.toThrow(message);
  });
});

test("Reptile reads a batch for every inner step, unless it is told otherwise", async () => {
  const learner = (more: object) =>
    toolkit
      .open({ seed: 1, references: { learner: { use: "reptile", innerOptimizer, ...more } } })
      .get("learner");
  expect((await learner({ innerSteps: 3 })).episodes.support).toBe(3);
  expect((await learner({ innerSteps: 3, support: 1 })).episodes.support).toBe(1);
});
