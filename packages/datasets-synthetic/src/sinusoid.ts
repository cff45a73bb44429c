import type { EpisodeTarget, ExampleBatch, TaskSource } from "@metalearn/core";
import * as tf from "@tensorflow/tfjs";
import type { TaskDistribution } from "./distribution.js";
import { taskSource, wholeNumber } from "./taskSource.js";

/** Options of {@link sinusoid}. */
export interface SinusoidOptions {
  /** K: points of a held-out curve that the model adapts to, and as many queries. @default 10 */
  readonly shots?: number;
  /** Held-out curves per evaluation seed. @default 100 */
  readonly targetEpisodes?: number;
}

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
 * @throws MetaError `BAD_OPTION` when a count is below 1
 */
export function sinusoid({
  shots = 10,
  targetEpisodes = 100,
}: SinusoidOptions = {}): TaskSource<ExampleBatch, EpisodeTarget> {
  wholeNumber("shots", shots);
  wholeNumber("targetEpisodes", targetEpisodes);
  return taskSource(curves, { metric: "r2", batchSize: shots, targetEpisodes });
}
