import { z } from "zod";
import type { Learner } from "../../src/contracts/learner.js";
import type { Model } from "../../src/contracts/model.js";
import type { MetaOptimizer } from "../../src/contracts/optimizer.js";
import type { TensorRuntime } from "../../src/contracts/runtime.js";
import type { TaskSource } from "../../src/contracts/task.js";
import type { Tracker } from "../../src/contracts/tracker.js";
import { defineFactory, definePlugin } from "../../src/plugin/plugin.js";
import { referenceTo } from "../../src/plugin/reference.js";
import { bigramModel } from "./bigramModel.js";

/** Stands for a component in tests that never use it. */
export const component = <T>(fields: object): T => fields as unknown as T;

/**
 * A component of every kind, in itself of no use, for tests of how runs are put together.
 *
 * @param calls collects what was freed or closed
 */
export function plainPlugin(calls: string[] = []) {
  const runtime = () =>
    component<TensorRuntime>({
      name: "plain",
      version: "1.2",
      device: "cpu",
      compilations: () => [],
      dispose: () => calls.push("engine freed"),
    });
  const tasks = () =>
    component<TaskSource>({ name: "numbers", trainingTasks: ["a", "b"], targets: [] });
  const tracker = () =>
    component<Tracker>({ name: "list", close: () => calls.push("tracker closed") });
  const none = z.strictObject({});
  const episodes = () => [];
  return definePlugin({
    name: "plain",
    runtimes: { auto: defineFactory(none, runtime) },
    models: {
      bigram: defineFactory(z.strictObject({ order: z.int().default(2) }), () => bigramModel),
      wordless: defineFactory(none, () =>
        component<Model>({ name: "wordless", outputs: () => {} }),
      ),
      broken: defineFactory(none, () => Promise.reject(new Error("no such weights"))),
    },
    tasks: {
      numbers: defineFactory(z.strictObject({ count: z.int().default(2) }), tasks),
      curves: defineFactory(none, () =>
        component<TaskSource>({ name: "curves", trainingTasks: [], targets: [{ episodes }] }),
      ),
    },
    learners: {
      pairs: defineFactory(z.strictObject({ inner: referenceTo("optimizer").optional() }), () =>
        component<Learner>({
          episodes: { tasks: 2, support: 1, query: 1, querySource: "same-task", unit: "task" },
        }),
      ),
    },
    optimizers: {
      sgd: defineFactory(
        z.strictObject({ learningRate: z.number().default(0.1) }),
        (options, context) =>
          component<MetaOptimizer>({ ...options, planned: context.totalUpdates }),
      ),
    },
    trackers: { list: defineFactory(none, tracker) },
  });
}
