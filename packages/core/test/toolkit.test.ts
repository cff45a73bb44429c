import { describe, expect, test, vi } from "vitest";
import { z } from "zod";
import type { Learner } from "../src/contracts/learner.js";
import type { Model } from "../src/contracts/model.js";
import type { MetaOptimizer } from "../src/contracts/optimizer.js";
import type { TensorRuntime } from "../src/contracts/runtime.js";
import { defineFactory, definePlugin } from "../src/plugin/plugin.js";
import { type Reference, referenceTo } from "../src/plugin/reference.js";
import { createToolkit, type Scope } from "../src/plugin/toolkit.js";
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
      ({ innerOptimizer }, { seed }) => component<Learner>({ inner: innerOptimizer, seed }),
    ),
  },
});

describe("createToolkit", () => {
  const toolkit = createToolkit([plugin]);

  test("builds components with checked options and their defaults", async () => {
    const scope = toolkit.open({ seed: 3, references: { optimizer: { use: "sgd" } } });
    expect(await scope.get("optimizer")).toEqual({ name: "sgd", learningRate: 0.1 });
  });

  test("builds each component once per run, and anew for another run", async () => {
    const open = () => toolkit.open({ seed: 3, references: { optimizer: { use: "sgd" } } });
    const [a, b] = [open(), open()];
    expect(await a.get("optimizer")).toBe(await a.get("optimizer"));
    expect(await a.get("optimizer")).not.toBe(await b.get("optimizer"));
  });

  test("builds components that options refer to", async () => {
    const learner = { use: "maml", steps: 1, innerOptimizer: { use: "sgd", learningRate: 2 } };
    const scope = toolkit.open({ seed: 3, references: { learner } });
    expect(await scope.get("learner")).toEqual({
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
    const scope = open({ adapter: { use: "longer" } });
    expect((await scope.get("model")).name).toBe("plainer");
    expect((await scope.get("learner")).name).toBe("plainer");
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
    const scope = createToolkit([engine]).open({
      seed: 1,
      references: { runtime: { use: "fake" } },
    });
    await scope.get("runtime");
    await scope.dispose();
    expect(dispose).toHaveBeenCalledOnce();
  });

  describe("tells schedules how long training is", () => {
    const none = z.strictObject({});
    const scheduled = definePlugin({
      name: "scheduled",
      learners: {
        pairs: defineFactory(none, () => component<Learner>({ episodes: { tasks: 2 } })),
      },
      optimizers: {
        decay: defineFactory(none, (_, { totalUpdates }) =>
          component<MetaOptimizer>({ totalUpdates }),
        ),
      },
    });
    const optimizer = { use: "decay" };
    const lengthIn = async (scope: Scope) =>
      (await scope.get("optimizer")) as unknown as { totalUpdates(): number };

    test("by its number", async () => {
      const scope = createToolkit([scheduled]).open({
        ...{ seed: 1, updates: 40 },
        references: { optimizer },
      });
      expect((await lengthIn(scope)).totalUpdates()).toBe(40);
    });

    test("by the learner that the config names, when it is built", async () => {
      const references = { optimizer, learner: { use: "pairs" } };
      const updates = (learner?: Learner) => 12 / (learner?.episodes.tasks ?? 1);
      const scope = createToolkit([scheduled]).open({ seed: 1, references, updates });
      const length = await lengthIn(scope);
      expect(() => length.totalUpdates()).toThrow("[BAD_OPTION] Expected the length of training");
      await scope.get("learner");
      expect(length.totalUpdates()).toBe(6);
      const without = { references: { optimizer }, updates };
      const bare = createToolkit([scheduled]).open({ seed: 1, ...without });
      expect((await lengthIn(bare)).totalUpdates()).toBe(12);
    });

    test("not where nothing is trained", async () => {
      const scope = createToolkit([scheduled]).open({ seed: 1, references: { optimizer } });
      const length = await lengthIn(scope);
      expect(() => length.totalUpdates()).toThrow("[BAD_OPTION] Expected the length of training");
    });
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
      '[BAD_CONFIG] optimizer (sgd).learningRate: expected a number, got "fast".',
    ],
  ])("refuses %j", async (optimizer, message) => {
    const scope = toolkit.open({ seed: 3, references: { optimizer } });
    await expect(scope.get("optimizer")).rejects.toThrow(message);
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
    const scope = toolkit.open({ seed: 3, references: {} });
    await expect(scope.get("optimizer")).rejects.toThrow(
      "[BAD_CONFIG] optimizer: expected one of sgd, got nothing.",
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
