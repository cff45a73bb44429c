import { type EpisodeTarget, type ExampleBatch, MetaError, type TaskSource } from "@metalearn/core";
import * as tf from "@tensorflow/tfjs";
import type { TaskDistribution } from "./distribution.js";
import { taskSource, wholeNumber } from "./taskSource.js";

/** Options of {@link clusters}. */
export interface ClustersOptions {
  /** N: classes of a task. @default 5 */
  readonly ways?: number;
  /** K: examples per class that the model adapts to on a held-out task, and as many queries. @default 1 */
  readonly shots?: number;
  /** Numbers in an input. @default 2 */
  readonly dimensions?: number;
  /** Standard deviation of the examples of a class; centres have 1. @default 0.1 */
  readonly spread?: number;
  /** Held-out tasks per evaluation seed. @default 100 */
  readonly targetEpisodes?: number;
}

/**
 * N-way K-shot classification of points: every class of a task is a Gaussian around a centre that is
 * itself drawn from a standard Gaussian. Batches are `x` `[batchSize, dimensions]` and classes `y`
 * `[batchSize]`, with as many examples of each class: a support of K shots has N * K.
 *
 * @throws MetaError `BAD_OPTION` when a count is below 1 or the spread below 0; from the sampler, when
 *   classes cannot have equal shares of a batch
 */
export function clusters({
  ways = 5,
  shots = 1,
  dimensions = 2,
  spread = 0.1,
  targetEpisodes = 100,
}: ClustersOptions = {}): TaskSource<ExampleBatch, EpisodeTarget> {
  const counts = { ways, shots, dimensions, targetEpisodes };
  for (const [name, count] of Object.entries(counts)) wholeNumber(name, count);
  if (!(spread >= 0)) {
    throw new MetaError("BAD_OPTION", `spread must be at least 0, but is ${spread}.`);
  }
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
        `batchSize must be a multiple of the ${ways} classes (${ways} * shots), but is ${batchSize}.`,
      );
    },
  });
}
