import { beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { checkConfig } from "../src/config/checkConfig.js";
import { runsOf } from "../src/config/runsOf.js";
import type { MetaOptimizer } from "../src/contracts/optimizer.js";
import { defineFactory, definePlugin } from "../src/plugin/plugin.js";
import { createToolkit } from "../src/plugin/toolkit.js";
import type { RunEvent } from "../src/run/events/runEvent.js";
import { openRun } from "../src/run/openRun.js";
import { resolveRun } from "../src/run/resolveRun.js";
import { bigramModel } from "./support/bigramModel.js";
import { component, plainPlugin } from "./support/plainPlugin.js";

let calls: string[];
beforeEach(() => {
  calls = [];
});

const trained = { learner: { use: "pairs" }, optimizer: { use: "sgd" } };

function open(changes: object = {}, onEvent?: (event: RunEvent) => void) {
  const base = { model: { use: "bigram" }, tasks: { use: "numbers" } };
  return openRun({
    toolkit: createToolkit([plainPlugin(calls)]),
    ...runsOf(checkConfig({ ...base, ...changes }))[0],
    directory: "nowhere",
    ...(onEvent && { onEvent }),
  });
}

describe("a run that opens", () => {
  test("tells its engine and its tasks", async () => {
    const events: RunEvent[] = [];
    await open({}, (event) => events.push(event));
    expect(events).toEqual([
      { kind: "open", engine: "plain 1.2 on cpu", tasks: "numbers: 2 training tasks, 0 targets" },
    ]);
  });

  test("plans as many meta-updates as read its batches, and tells schedules so", async () => {
    // Two tasks with a support and a query batch each: 4 batches per meta-update, 3 updates for 9.
    const { training } = await open({ ...trained, train: { steps: 9 } });
    expect(training?.updates).toBe(3);
    expect(training?.optimizer).toMatchObject({ planned: expect.any(Function) });
    expect(Reflect.get(training?.optimizer ?? {}, "planned")()).toBe(3);
  });

  test("has schedules of what adapts at their first update where nothing is trained", async () => {
    const adapts = { ...trained, train: { steps: 0 }, evaluate: { adapt: "own" } };
    const { adaptation } = await open(adapts);
    expect(Reflect.get(adaptation?.optimizer ?? {}, "planned")()).toBe(1);
  });

  test("can count meta-updates instead", async () => {
    const { training } = await open({ ...trained, train: { steps: 9, stepUnit: "updates" } });
    expect(training?.updates).toBe(9);
  });

  test.each([
    ["a learner", { optimizer: { use: "sgd" } }],
    ["steps", { ...trained, train: { steps: 0 } }],
  ])("does not train without %s", async (_, changes) => {
    expect((await open(changes)).training).toBeUndefined();
  });

  test("has a learner to adapt with where episodes are to be scored, trained or not", async () => {
    const curves = { model: { use: "wordless" }, tasks: { use: "curves" }, train: { steps: 0 } };
    expect((await open({ ...curves, ...trained })).adaptation?.learner.episodes.support).toBe(1);
    expect((await open(curves)).adaptation).toBeUndefined();
    expect((await open(trained)).adaptation).toBeUndefined();
    const asked = await open({ ...trained, train: { batchSize: 3 }, evaluate: { adapt: "own" } });
    expect(asked.adaptation).toMatchObject({ learner: asked.training?.learner, batchSize: 3 });
  });

  test("closes its tracker and frees its engine at the end, in this order", async () => {
    const run = await open({ tracker: { use: "list" } });
    expect(calls).toEqual([]);
    await run.close();
    expect(calls).toEqual(["tracker closed", "engine freed"]);
  });
});

describe("a run that cannot be opened frees its engine", () => {
  test.each([
    [
      "with a model that reads no tokens",
      { model: { use: "wordless" } },
      "[BAD_CONFIG] model (wordless): evaluation in context needs a language model.",
    ],
    [
      "with a language model for episodes",
      { tasks: { use: "curves" } },
      "[BAD_CONFIG] model (bigram): evaluation on episodes needs a model with outputs.",
    ],
    [
      "with a learner but no optimizer",
      { learner: { use: "pairs" } },
      "[BAD_CONFIG] optimizer: expected one of sgd, got nothing.",
    ],
    ["with a component that fails", { model: { use: "broken" } }, "no such weights"],
  ])("%s", async (_, changes, message) => {
    await expect(open(changes)).rejects.toThrow(message);
    expect(calls).toEqual(["engine freed"]);
  });
});

describe("a run whose config is wrong is refused before anything is built", () => {
  test.each([
    [
      "for a bad option",
      { ...trained, optimizer: { use: "sgd", learningRate: "fast" } },
      '[BAD_CONFIG] in the run "run": optimizer (sgd).learningRate: expected a number, got "fast".',
    ],
    [
      "for an engine that does not exist",
      { runtime: { use: "autp" } },
      '[UNKNOWN_NAME] in the run "run": No runtime is called "autp". Did you mean "auto"?',
    ],
  ])("%s", async (_, changes, message) => {
    await expect(open(changes)).rejects.toThrow(message);
    expect(calls).toEqual([]);
  });
});

test("a run that is resolved and then opened has every option checked once", async () => {
  const checked: string[] = [];
  const counted = (name: string) =>
    z.strictObject({ width: z.int().default(1) }).refine(() => checked.push(name) > 0);
  const counting = definePlugin({
    name: "counting",
    models: { counted: defineFactory(counted("model"), () => bigramModel) },
    optimizers: {
      counted: defineFactory(counted("optimizer"), () => component<MetaOptimizer>({})),
    },
  });
  const toolkit = createToolkit([plainPlugin(calls), counting]);
  const use = "counted";
  const [run] = runsOf(
    checkConfig({
      ...{ model: { use }, tasks: { use: "numbers" }, optimizer: { use } },
      learner: { use: "pairs", inner: { use } },
    }),
  );
  const resolved = resolveRun(toolkit, run);
  const opened = await openRun({ toolkit, ...resolved, directory: "nowhere" });
  expect(opened.config.model).toBe(resolved.config.model);
  await opened.close();
  expect(checked.sort()).toEqual(["model", "optimizer", "optimizer"]); // the learner's, and the run's
});
