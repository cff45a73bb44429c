import { expect, test } from "vitest";
import { checkConfig } from "../src/config/checkConfig.js";
import { runsOf } from "../src/config/runsOf.js";
import { createToolkit } from "../src/plugin/toolkit.js";
import { resolveRun } from "../src/run/resolveRun.js";
import { plainPlugin } from "./support/plainPlugin.js";

const toolkit = createToolkit([plainPlugin()]);

function resolve(changes: object) {
  const base = { model: { use: "bigram" }, tasks: { use: "numbers" } };
  const [run] = runsOf(checkConfig({ ...base, compare: { runs: { fast: changes } } }));
  if (!run) throw new Error("no run");
  return resolveRun(toolkit, run);
}

test("a run's components get their defaults, and those that they name as well", () => {
  const { name, config } = resolve({ learner: { use: "pairs", inner: { use: "sgd" } }, seed: 3 });
  expect(name).toBe("fast");
  expect(config).toMatchObject({
    runtime: { use: "auto" },
    model: { use: "bigram", order: 2 },
    tasks: { use: "numbers", count: 2 },
    learner: { use: "pairs", inner: { use: "sgd", learningRate: 0.1 } },
  });
  expect(config).not.toHaveProperty("optimizer");
});

test("the learner that adapts to targets gets its defaults, and `own` stays", () => {
  const resolved = (adapt: unknown) => resolve({ evaluate: { adapt } }).config.evaluate.adapt;
  expect(resolved({ use: "pairs", inner: { use: "sgd" } })).toEqual({
    use: "pairs",
    inner: { use: "sgd", learningRate: 0.1 },
  });
  expect(resolved("own")).toBe("own");
});

test.each([
  [
    "an adapting learner that no plugin provides",
    { evaluate: { adapt: { use: "pears" } } },
    '[UNKNOWN_NAME] in the run "fast", evaluate.adapt: No learner is called "pears". Did you mean "pairs"?',
  ],
  [
    "a name that no plugin provides",
    { model: { use: "bigam" } },
    '[UNKNOWN_NAME] in the run "fast": No model is called "bigam". Did you mean "bigram"?',
  ],
  [
    "a bad option",
    { tasks: { count: "many" } },
    '[BAD_CONFIG] in the run "fast": tasks (numbers).count: expected a whole number, got "many".',
  ],
  [
    "a bad option of something that a component names",
    { learner: { use: "pairs", inner: { use: "sgd", rate: 1 } } },
    'in the run "fast": learner (pairs).inner (sgd): unknown key "rate".',
  ],
  [
    "a bad option of something that the run will not use",
    { optimizer: { use: "sgd", rate: 1 } },
    'in the run "fast": optimizer (sgd): unknown key "rate".',
  ],
])("%s is an error that names the run", (_, changes, message) => {
  expect(() => resolve(changes)).toThrow(message);
});
