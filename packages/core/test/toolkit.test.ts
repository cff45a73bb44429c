import { describe, expect, test, vi } from "vitest";
import { z } from "zod";
import type { Learner } from "../src/contracts/learner.js";
import type { Model } from "../src/contracts/model.js";
import type { MetaOptimizer } from "../src/contracts/optimizer.js";
import type { TensorRuntime } from "../src/contracts/runtime.js";
import { defineFactory, definePlugin, type Reference, referenceTo } from "../src/plugin/plugin.js";
import { createToolkit } from "../src/plugin/toolkit.js";
import { component } from "./support/plainPlugin.js";

const plugin = definePlugin({
  name: "test",
  optimizers: {
    sgd: defineFactory(z.strictObject({ learningRate: z.number().default(0.1) }), (options) =>
      component<MetaOptimizer>({ name: "sgd", ...options }),
    ),
  },
  learners: {
    maml: defineFactory(
      z.strictObject({ innerOptimizer: referenceTo("optimizer"), steps: z.int() }),
      async (options, context) =>
        component<Learner>({
          inner: await context.create("optimizer", options.innerOptimizer),
          seed: context.seed,
        }),
    ),
  },
});

describe("createToolkit", () => {
  const toolkit = createToolkit([plugin]);

  test("builds components with checked options and their defaults", async () => {
    const bench = toolkit.open({ seed: 3, references: { optimizer: { use: "sgd" } } });
    expect(await bench.get("optimizer")).toEqual({ name: "sgd", learningRate: 0.1 });
  });

  test("builds each component once per run, and anew for another run", async () => {
    const open = () => toolkit.open({ seed: 3, references: { optimizer: { use: "sgd" } } });
    const [a, b] = [open(), open()];
    expect(await a.get("optimizer")).toBe(await a.get("optimizer"));
    expect(await a.get("optimizer")).not.toBe(await b.get("optimizer"));
  });

  test("builds components that options refer to", async () => {
    const learner = { use: "maml", steps: 1, innerOptimizer: { use: "sgd", learningRate: 2 } };
    const bench = toolkit.open({ seed: 3, references: { learner } });
    expect(await bench.get("learner")).toEqual({
      inner: { name: "sgd", learningRate: 2 },
      seed: 3,
    });
  });

  test("gives the run's model with its adapter, to other components as well", async () => {
    const none = z.strictObject({});
    const renaming = definePlugin({
      name: "renaming",
      models: { plain: defineFactory(none, () => component<Model>({ name: "plain" })) },
      adapters: {
        longer: defineFactory(none, () => async (model) => ({ ...model, name: `${model.name}er` })),
      },
      learners: {
        named: defineFactory(none, async (_, context) =>
          component<Learner>({ name: (await context.get("model")).name }),
        ),
      },
    });
    const references = { model: { use: "plain" }, learner: { use: "named" } };
    const open = (more: Record<string, Reference>) =>
      createToolkit([renaming]).open({ seed: 1, references: { ...references, ...more } });
    const bench = open({ adapter: { use: "longer" } });
    expect((await bench.get("model")).name).toBe("plainer");
    expect((await bench.get("learner")).name).toBe("plainer");
    expect((await open({}).get("learner")).name).toBe("plain");
  });

  test("frees the engine of a run", async () => {
    const dispose = vi.fn();
    const engine = definePlugin({
      name: "engine",
      runtimes: {
        fake: defineFactory(z.strictObject({}), () => component<TensorRuntime>({ dispose })),
      },
    });
    const bench = createToolkit([engine]).open({
      seed: 1,
      references: { runtime: { use: "fake" } },
    });
    await bench.get("runtime");
    await bench.dispose();
    expect(dispose).toHaveBeenCalledOnce();
  });

  test("knows how long training is once that is planned", async () => {
    let length: (() => number) | undefined;
    const scheduled = definePlugin({
      name: "scheduled",
      optimizers: {
        decay: defineFactory(z.strictObject({}), (_, context) => {
          length = context.totalUpdates;
          return component<MetaOptimizer>({});
        }),
      },
    });
    const bench = createToolkit([scheduled]).open({
      seed: 1,
      references: { optimizer: { use: "decay" } },
    });
    await bench.get("optimizer");
    expect(() => length?.()).toThrow("[BAD_OPTION]");
    bench.plan(40);
    expect(length?.()).toBe(40);
  });

  test.each([
    [
      { use: "sdg" },
      '[UNKNOWN_NAME] No optimizer is called "sdg". Did you mean "sgd"? Known: sgd.',
    ],
    [
      { use: "sgd", learningrate: 1 },
      '[BAD_CONFIG] optimizer (sgd): unknown key "learningrate". Did you mean "learningRate"? Known: learningRate.',
    ],
    [
      { use: "sgd", learningRate: "fast" },
      '[BAD_CONFIG] optimizer (sgd).learningRate: wanted number; came "fast".',
    ],
  ])("refuses %j", async (optimizer, message) => {
    const bench = toolkit.open({ seed: 3, references: { optimizer } });
    await expect(bench.get("optimizer")).rejects.toThrow(message);
  });

  test("checks what options refer to, and fills in its defaults", () => {
    const learner = (innerOptimizer: object) => ({ use: "maml", steps: 1, innerOptimizer });
    expect(toolkit.check("learner", learner({ use: "sgd" }))).toEqual(
      learner({ use: "sgd", learningRate: 0.1 }),
    );
    expect(() => toolkit.check("learner", learner({ use: "sgd", rate: 1 }))).toThrow(
      '[BAD_CONFIG] learner (maml).innerOptimizer (sgd): unknown key "rate".',
    );
  });

  test("checks what an optional option refers to, where it is given", () => {
    const optional = definePlugin({
      name: "optional",
      models: {
        tuned: defineFactory(z.strictObject({ tuner: referenceTo("optimizer").optional() }), () =>
          component<Model>({}),
        ),
      },
    });
    const both = createToolkit([plugin, optional]);
    const model = (tuner?: object) =>
      both.check("model", { use: "tuned", ...(tuner && { tuner }) });
    expect(model()).toEqual({ use: "tuned" });
    expect(model({ use: "sgd" }).tuner).toEqual({ use: "sgd", learningRate: 0.1 });
    expect(() => model({ use: "sdg" })).toThrow('No optimizer is called "sdg".');
  });

  test("says what a run lacks", async () => {
    const bench = toolkit.open({ seed: 3, references: {} });
    await expect(bench.get("optimizer")).rejects.toThrow(
      "[BAD_CONFIG] The config names no optimizer. Known: sgd.",
    );
  });

  test("refuses two plugins that use one name", () => {
    expect(() => createToolkit([plugin, { ...plugin, name: "other" }])).toThrow(
      '[DUPLICATE_NAME] Both test and other provide a learner called "maml".',
    );
  });

  test("refuses two plugins of one name, and says where they are", () => {
    const copies = ["test", "./copy.mjs"].map((origin) => ({ ...plugin, origin }));
    expect(() => createToolkit(copies)).toThrow(
      '[DUPLICATE_NAME] Two plugins are called "test": test and ./copy.mjs.',
    );
  });
});
