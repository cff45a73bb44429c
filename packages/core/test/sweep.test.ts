import { describe, expect, test } from "vitest";
import { checkConfig } from "../src/config/checkConfig.js";
import type { Json } from "../src/config/merge.js";
import { runsOf } from "../src/config/runsOf.js";

const minimal = { model: { use: "m" }, tasks: { use: "t" } };

const runs = (config: Json, overrides: Json = {}) =>
  runsOf(checkConfig({ ...minimal, ...config }, { overrides }));

describe("a sweep", () => {
  test("makes every run once for each combination, the last key changing fastest", () => {
    const grid = runs({
      learner: { use: "maml", order: 1 },
      sweep: { "learner.innerSteps": [1, 5], "train.steps": [10, 20, 30] },
    });
    expect(grid.map(({ name }) => name)).toEqual([
      "innerSteps=1,steps=10",
      "innerSteps=1,steps=20",
      "innerSteps=1,steps=30",
      "innerSteps=5,steps=10",
      "innerSteps=5,steps=20",
      "innerSteps=5,steps=30",
    ]);
    expect(grid[4]?.config.learner).toEqual({ use: "maml", order: 1, innerSteps: 5 });
    expect(grid[4]?.config.train.steps).toBe(20);
  });

  test("of all runs is multiplied by seeds, and by the sweep of a single run", () => {
    const grid = runs({
      learner: { use: "maml" },
      sweep: { train: { steps: [10, 20] } },
      compare: { seeds: [1, 2], runs: { plain: {}, inner: { sweep: { "learner.k": [3] } } } },
    });
    expect(grid.map(({ name, config }) => `${name} seed ${config.seed}`)).toEqual([
      "plain,steps=10 seed 1",
      "plain,steps=10 seed 2",
      "plain,steps=20 seed 1",
      "plain,steps=20 seed 2",
      "inner,steps=10,k=3 seed 1",
      "inner,steps=10,k=3 seed 2",
      "inner,steps=20,k=3 seed 1",
      "inner,steps=20,k=3 seed 2",
    ]);
    expect(grid[5]?.config.learner).toEqual({ use: "maml", k: 3 });
  });

  test("goes over what a named run says, and the command line over both", () => {
    const config = {
      sweep: { "train.steps": [10] },
      compare: { runs: { a: { train: { steps: 3, batchSize: 2 } } } },
    };
    const [run] = runs(config, { train: { batchSize: 7 } });
    expect(run?.config.train).toMatchObject({ steps: 10, batchSize: 7 });
  });

  test("takes other values from the command line", () => {
    const grid = runs({ sweep: { "train.steps": [10] } }, { sweep: { train: { steps: [1, 2] } } });
    expect(grid.map(({ config }) => config.train.steps)).toEqual([1, 2]);
  });

  test("may go over whole components, over lists, and over having something or not", () => {
    const grid = runs({
      learner: { use: "maml", order: 1 },
      optimizer: { use: "sgd", clipNorm: 1 },
      sweep: {
        learner: [{ use: "maml" }, { use: "metaicl" }, null],
        "optimizer.clipNorm": [null, 2],
        "evaluate.seeds": [[100, 13]],
      },
    });
    expect(grid.map(({ name }) => name)).toEqual([
      "learner=maml,clipNorm=none,seeds=100-13",
      "learner=maml,clipNorm=2,seeds=100-13",
      "learner=metaicl,clipNorm=none,seeds=100-13",
      "learner=metaicl,clipNorm=2,seeds=100-13",
      "learner=none,clipNorm=none,seeds=100-13",
      "learner=none,clipNorm=2,seeds=100-13",
    ]);
    expect(grid[2]?.config.learner).toEqual({ use: "metaicl" });
    expect(grid[4]?.config.learner).toBeUndefined();
    expect(grid[0]?.config.optimizer).toEqual({ use: "sgd" });
    expect(grid[0]?.config.evaluate.seeds).toEqual([100, 13]);
  });

  test("names runs so that they can be folders, with as much of a key as tells it apart", () => {
    const grid = runs({
      learner: { use: "maml" },
      optimizer: { use: "sgd" },
      sweep: {
        "learner.innerOptimizer.learningRate": [1e-5],
        "optimizer.learningRate": [-0.5],
        "model.weights": ["../openai/gpt2"],
      },
    });
    expect(grid[0]?.name).toBe(
      "innerOptimizer.learningRate=0.00001,optimizer.learningRate=-0.5,weights=..-openai-gpt2",
    );
  });

  test("tells settings of one component apart", () => {
    const learner = [
      { use: "maml", order: 1 },
      { use: "maml", order: 2 },
    ];
    expect(runs({ sweep: { learner } }).map(({ name }) => name)).toEqual([
      "learner=use-maml-order-1",
      "learner=use-maml-order-2",
    ]);
  });

  test.each([
    [{ "train.steps": 5 }, "sweep.train.steps: expected a list of at least one value, got 5."],
    [{ "train.steps": [] }, "sweep.train.steps: expected a list of at least one value, got []."],
    [
      { seed: [1, 2] },
      "sweep.seed: expected another key, since seeds are not swept; list compare.seeds instead.",
    ],
    [
      { "train.stepss": [5] },
      'in the config with stepss=5: train: unknown key "stepss". Did you mean "steps"?',
    ],
    [{ out: ["a"] }, 'in the config with out=a: unknown key "out".'],
  ])("refuses %j", (sweep, message) => {
    expect(() => runs({ sweep })).toThrow(message);
  });

  test("refuses an override that would make all its points alike", () => {
    expect(() => runs({ sweep: { "train.steps": [5, 6] } }, { train: { steps: 9 } })).toThrow(
      "[BAD_OPTION] train.steps: expected no override, since a sweep sets it. Override its values instead: sweep.train.steps=[9].",
    );
  });
});
