import {
  type EpisodeTarget,
  type ExampleBatch,
  parseOptions,
  samplerOptions,
  type TaskSource,
} from "@metalearn/core";
import type { TaskDistribution } from "./distribution.js";
import { distributionSampler } from "./sampler.js";

/** Sizes of a task source that is made from a distribution. */
interface SourceOptions {
  readonly metric: EpisodeTarget["metric"];
  /** Number of examples in each batch of a target's episode. */
  readonly batchSize: number;
  /** Number of episodes per evaluation seed. */
  readonly targetEpisodes: number;
  /** Checks the size of batches. @throws MetaError `BAD_OPTION` */
  checkBatchSize?(batchSize: number): void;
}

/** Task source with one target, held-out tasks of the same distribution, and others as dev tasks. */
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
      // Training seeds are numbers, so that no training task equals one of these.
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
