import {
  type EpisodeTarget,
  type ExampleBatch,
  parseOptions,
  type TaskSource,
} from "@metalearn/core";
import * as tf from "@tensorflow/tfjs";
import { z } from "zod";
import type { TaskDistribution } from "./distribution.js";
import { taskSource } from "./taskSource.js";

export const sinusoidOptions = z
  .strictObject({
    shots: z
      .int()
      .min(1)
      .default(10)
      .describe("K: points of a held-out curve that the model adapts to, and as many queries."),
    targetEpisodes: z.int().min(1).default(100).describe("Held-out curves per evaluation seed."),
  })
  .describe("Regression of sine curves of random amplitude and phase.");

/** Options of {@link sinusoid}. */
export type SinusoidOptions = z.input<typeof sinusoidOptions>;

const curves: TaskDistribution = {
  name: "sinusoid",
  task(random) {
    const amplitude = 0.1 + 4.9 * random.uniform();
    const phase = Math.PI * random.uniform();
    return (_, points) => {
      const x = 10 * points.uniform() - 5;
      return { x: [x], y: [amplitude * Math.sin(x - phase)] };
    };
  },
  batch: (examples) => ({
    x: tf.tensor2d(
      examples.flatMap(({ x }) => x),
      [examples.length, 1],
    ),
    y: tf.tensor2d(
      examples.flatMap(({ y }) => y),
      [examples.length, 1],
    ),
  }),
};

/**
 * Regression of sine curves: amplitude uniform in [0.1, 5], phase in [0, pi], x in [-5, 5]. Batches
 * are `x` and `y`, both `[batchSize, 1]`; in K-shot learning the batch size is K.
 *
 * Source: Finn et al. 2017, section 5.1.
 *
 * @throws MetaError `BAD_OPTION`
 */
export function sinusoid(options: SinusoidOptions = {}): TaskSource<ExampleBatch, EpisodeTarget> {
  const { shots, targetEpisodes } = parseOptions(sinusoidOptions, options);
  return taskSource(curves, { metric: "r2", batchSize: shots, targetEpisodes });
}
