import {
  type EpisodeTarget,
  type ExampleBatch,
  MetaError,
  parseOptions,
  type TaskSource,
} from "@metalearn/core";
import * as tf from "@tensorflow/tfjs";
import { z } from "zod";
import type { TaskDistribution } from "./distribution.js";
import { taskSource } from "./taskSource.js";

const task = z.strictObject({
  curvature: z
    .array(z.number().positive())
    .min(1)
    .describe("Second derivative of the loss along each weight."),
  optimum: z.array(z.number()).describe("Weights at which the loss is 0, as many."),
});

export const linearOptions = z
  .strictObject({
    tasks: z.array(task).min(1).describe("The tasks, which come in turn."),
    targetEpisodes: z.int().min(1).default(100).describe("Episodes per evaluation seed."),
  })
  .describe("Linear regression without noise: losses that are quadratic, and known exactly.");

/** Options of {@link linear}. */
export type LinearOptions = z.input<typeof linearOptions>;

/**
 * Linear regression tasks without noise, whose loss is known: for weights `w` of a linear model, mean squared
 * error is `sum_j curvature_j (w_j - optimum_j)^2 / 2` on every batch. Where meta-training ends is then a closed
 * form. Batches are `x` `[batchSize, d]` and `y` `[batchSize, 1]`, with as many rows for each of the `d` weights.
 *
 * Tasks come in turn: a meta-update of all of them has their exact mean. Queries of other tasks go through all
 * others in turn as well, so that all pairs of `t` tasks take `t (t - 1)` episodes.
 *
 * Source: the setting of Collins et al. 2022, "How does the task landscape affect MAML performance?", section 3.
 *
 * @example
 * const tasks = linear({ tasks: [{ curvature: [1], optimum: [0] }, { curvature: [0.1], optimum: [1] }] });
 * const model = mlp({ sizes: [1, 1], loss: "mse" }); // trainable: ["*.weight"]
 * @throws MetaError `BAD_OPTION`; from the sampler, for batches in which weights have unequal shares
 */
export function linear(options: LinearOptions): TaskSource<ExampleBatch, EpisodeTarget> {
  const { tasks, targetEpisodes } = parseOptions(linearOptions, options);
  const dimensions = tasks[0]?.curvature.length ?? 0;
  for (const [i, { curvature, optimum }] of tasks.entries()) {
    if (curvature.length === dimensions && optimum.length === dimensions) continue;
    throw new MetaError(
      "BAD_OPTION",
      `tasks.${i}: expected ${dimensions} curvatures and ${dimensions} numbers of the optimum, as many as the first task has, got ${curvature.length} and ${optimum.length}.`,
    );
  }
  const distribution: TaskDistribution = {
    name: "linear",
    task(_, { episode, isOther }) {
      const own = episode % tasks.length;
      const step = 1 + (Math.floor(episode / tasks.length) % Math.max(1, tasks.length - 1));
      const { curvature, optimum } = tasks[(isOther ? own + step : own) % tasks.length] as z.output<
        typeof task
      >;
      return (i) => {
        const j = i % dimensions;
        // One weight in d is seen by a row, and the loss has no factor of 1/2.
        const input = Math.sqrt((dimensions * (curvature[j] as number)) / 2);
        const x = Array.from({ length: dimensions }, (_, k) => (k === j ? input : 0));
        return { x, y: [input * (optimum[j] as number)] };
      };
    },
    batch: (examples) => ({
      x: tf.tensor2d(examples.map(({ x }) => [...x])),
      y: tf.tensor2d(examples.map(({ y }) => [...y])),
    }),
  };
  return taskSource(distribution, {
    metric: "r2",
    batchSize: dimensions,
    targetEpisodes,
    checkBatchSize(batchSize) {
      if (batchSize % dimensions === 0) return;
      throw new MetaError(
        "BAD_OPTION",
        `batchSize: expected a multiple of the ${dimensions} weights, got ${batchSize}.`,
      );
    },
  });
}
