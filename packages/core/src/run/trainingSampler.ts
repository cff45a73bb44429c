import type { TaskSampler } from "../contracts/task.js";
import type { Buckets } from "../train/chooseBuckets.js";
import { choosePaddedLengths } from "../train/paddedLengths.js";
import type { TrainingRun } from "./openRun.js";

/**
 * The sampler of the episodes that a run is trained on, at the first of them.
 *
 * @returns the lengths that batches are padded to as well, where they are
 * @throws what the tasks' `sampler` throws where there is nothing to train on
 */
export function trainingSampler({ config, tasks, runtime, training }: TrainingRun): {
  sampler: TaskSampler;
  padding: Buckets | undefined;
} {
  const { batchSize } = config.train;
  const { unit } = training.learner.episodes;
  const padding = choosePaddedLengths({ tasks, runtime, batchSize, unit });
  const paddedLengths = padding && { paddedLengths: padding.sizes };
  return { sampler: tasks.sampler({ seed: config.seed, batchSize, ...paddedLengths }), padding };
}
