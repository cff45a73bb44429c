import type { TaskSampler } from "../contracts/task.js";
import type { Buckets } from "../train/chooseBuckets.js";
import { choosePaddedLengths } from "../train/paddedLengths.js";
import type { TrainingRun } from "./openRun.js";

/**
 * Makes the sampler of a run's training episodes, at its first episode.
 *
 * @returns the sampler, and the lengths that batches are padded to, if they are
 * @throws as the task source's `sampler`, when there are no training tasks
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
