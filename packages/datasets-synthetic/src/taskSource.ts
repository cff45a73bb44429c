import {
  type EpisodeTarget,
  type ExampleBatch,
  parseOptions,
  samplerOptions,
  type TaskSource,
} from "@metalearn/core";
import type { TaskDistribution } from "./distribution.js";
import { distributionSampler } from "./sampler.js";

/** How a distribution becomes a task source. */
interface SourceOptions {
  readonly metric: EpisodeTarget["metric"];
  /** Examples in each batch of a target's episode. */
  readonly batchSize: number;
  /** Episodes that belong to each evaluation seed. */
  readonly targetEpisodes: number;
  /** @throws MetaError `BAD_OPTION` when batches cannot be of this size */
  checkBatchSize?(batchSize: number): void;
}

/** A task source with one target: held-out tasks of the same distribution; others are dev tasks. */
export function taskSource(
  distribution: TaskDistribution,
  { metric, batchSize, targetEpisodes, checkBatchSize }: SourceOptions,
): TaskSource<ExampleBatch, EpisodeTarget> {
  const { name } = distribution;
  const heldOut = (purpose: string): EpisodeTarget => ({
    name,
    unseenDomain: false,
    metric,
    episodes: (seed) =>
      // Seeds of training are numbers, so that no training task is one of these.
      distributionSampler(distribution, { seed: `${purpose} ${seed}`, batchSize }).next({
        tasks: targetEpisodes,
        support: 1,
        query: 1,
        querySource: "same-task",
        unit: "task",
      }),
  });
  return {
    name,
    trainingTasks: [name],
    fingerprints: {},
    targets: [heldOut("target")],
    devTargets: [heldOut("dev")],
    sampler(options) {
      const { seed, batchSize } = parseOptions(samplerOptions, options);
      checkBatchSize?.(batchSize);
      return distributionSampler(distribution, { seed, batchSize });
    },
  };
}
