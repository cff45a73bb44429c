import {
  type EpisodeShape,
  type ExampleBatch,
  MetaError,
  randomFor,
  type SamplerState,
  type TaskSampler,
} from "@metalearn/core";
import type { TaskDistribution } from "./distribution.js";

/** Endless stream of episodes, each of a new task that is drawn from the distribution. */
export function distributionSampler(
  { name, task, batch }: TaskDistribution,
  { seed, batchSize }: { readonly seed: number | string; readonly batchSize: number },
): TaskSampler<ExampleBatch> {
  let drawn = 0; // episodes

  const episode = (number: number, { support, query, querySource, unit }: EpisodeShape) => {
    /** Batch of one task, or of one example from each of several tasks. */
    const draw = (taskName: string, part: string) => {
      const key = [seed, number, taskName] as const;
      const turn = { episode: number, isOther: taskName === "other" };
      const shared = task(randomFor(...key), turn);
      const random = randomFor(...key, part);
      return Array.from({ length: batchSize }, (_, i) =>
        (unit === "task" ? shared : task(random, turn))(i, random),
      );
    };
    const parts = (what: string, count: number, taskName: string) =>
      Array.from({ length: count }, (_, i) => draw(taskName, `${what} ${i}`));
    const shown = parts("support", support, "own");
    const other = querySource === "other-tasks" ? "other" : "own";
    const asked = querySource === "same-examples" ? shown : parts("query", query, other);
    return { tasks: [name], support: shown.map(batch), query: batch(asked.flat()) };
  };

  return {
    next(shape) {
      const episodes = Array.from({ length: shape.tasks }, (_, i) => episode(drawn + i, shape));
      drawn += shape.tasks;
      return episodes;
    },
    state: () => ({ episodes: drawn }),
    restore({ episodes }: SamplerState) {
      if (!Number.isInteger(episodes) || Number(episodes) < 0) {
        throw new MetaError(
          "BAD_CHECKPOINT",
          `Expected a whole number "episodes" in the state of a ${name} sampler, got ${episodes}.`,
        );
      }
      drawn = Number(episodes);
    },
  };
}
