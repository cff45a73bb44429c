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

const count = z.int().min(1);

export const clustersOptions = z
  .strictObject({
    ways: count.default(5).describe("N: classes of a task."),
    shots: count
      .default(1)
      .describe(
        "K: examples per class that the model adapts to on a held-out task, and as many queries.",
      ),
    dimensions: count.default(2).describe("Length of an input vector."),
    spread: z
      .number()
      .min(0)
      .default(0.1)
      .describe("Standard deviation of the examples of a class; centres have 1."),
    targetEpisodes: count.default(100).describe("Held-out tasks per evaluation seed."),
  })
  .describe("Clusters of points: N-way K-shot classification.");

/** Options of {@link clusters}. */
export type ClustersOptions = z.input<typeof clustersOptions>;

/**
 * N-way K-shot classification of points: every class of a task is a Gaussian around a centre that is
 * itself drawn from a standard Gaussian. Batches are `x` `[batchSize, dimensions]` and classes `y`
 * `[batchSize]`, with as many examples of each class: a support of K shots has N * K.
 *
 * @throws MetaError `BAD_OPTION`; from the sampler, when classes cannot have equal shares of a batch
 */
export function clusters(options: ClustersOptions = {}): TaskSource<ExampleBatch, EpisodeTarget> {
  const { ways, shots, dimensions, spread, targetEpisodes } = parseOptions(
    clustersOptions,
    options,
  );
  const distribution: TaskDistribution = {
    name: `clusters/${ways}-way`,
    task(random) {
      const normals = () => Array.from({ length: dimensions }, () => random.normal());
      const centres = Array.from({ length: ways }, normals);
      return (i, noise) => {
        const centre = centres[i % ways] ?? [];
        return { x: centre.map((value) => value + spread * noise.normal()), y: [i % ways] };
      };
    },
    batch: (examples) => ({
      x: tf.tensor2d(
        examples.flatMap(({ x }) => x),
        [examples.length, dimensions],
      ),
      y: tf.tensor1d(
        examples.flatMap(({ y }) => y),
        "int32",
      ),
    }),
  };
  return taskSource(distribution, {
    metric: "accuracy",
    batchSize: ways * shots,
    targetEpisodes,
    checkBatchSize(batchSize) {
      if (batchSize % ways === 0) return;
      throw new MetaError(
        "BAD_OPTION",
        `batchSize: expected a multiple of the ${ways} classes (${ways} * shots), got ${batchSize}.`,
      );
    },
  });
}
