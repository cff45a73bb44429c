import {
  defineFactory,
  definePlugin,
  type EpisodeShape,
  type EpisodeTarget,
  type ExampleBatch,
  parseOptions,
  randomFor,
  type TaskSampler,
  type TaskSource,
} from "@metalearn/core";
import * as tf from "@tensorflow/tfjs";
import { z } from "zod";

/** Name in a config; no other plugin that the config lists may have tasks of this name. */
const name = "__component__";

const options = z.strictObject({
  shots: z
    .int()
    .min(1)
    .default(5)
    .describe("Points of a held-out line to adapt to, and as many to predict."),
  targetEpisodes: z.int().min(1).default(100).describe("Held-out lines per evaluation seed."),
});

/** Options of {@link __factory__}. */
export type __Factory__Options = z.input<typeof options>;

/**
 * Lines `y = slope x + intercept`, with both drawn from the standard normal distribution and x from
 * [-1, 1]. Batches are `x` and `y`, both `[batchSize, 1]`.
 *
 * @throws MetaError `BAD_OPTION`
 */
export function __factory__(
  given: __Factory__Options = {},
): TaskSource<ExampleBatch, EpisodeTarget> {
  const { shots, targetEpisodes } = parseOptions(options, given);
  return {
    name,
    trainingTasks: ["lines"],
    targets: [
      {
        name: "lines",
        unseenDomain: false,
        metric: "r2",
        episodes: (seed) =>
          // Training seeds are numbers, so that no training task equals one of these target tasks.
          lineSampler(`target ${seed}`, shots).next({
            tasks: targetEpisodes,
            support: 1,
            query: 1,
            querySource: "same-task",
            unit: "task",
          }),
      },
    ],
    fingerprints: {}, // no data files
    sampler: ({ seed, batchSize }) => lineSampler(seed, batchSize),
  };
}

/** Endless stream of lines. Everything that an episode draws follows from the seed and its number. */
function lineSampler(seed: number | string, batchSize: number): TaskSampler<ExampleBatch> {
  let drawn = 0; // episodes

  const episode = (number: number, { support, query, querySource, unit }: EpisodeShape) => {
    /** Points of one line or, in a mixture, each of a line of its own. */
    const points = (task: string, part: string) => {
      const random = randomFor(seed, number, task, part);
      return Array.from({ length: batchSize }, (_, i) => {
        const line = randomFor(seed, number, task, ...(unit === "mixture" ? [part, i] : []));
        const [slope, intercept] = [line.normal(), line.normal()];
        const x = 2 * random.uniform() - 1;
        return { x, y: slope * x + intercept };
      });
    };
    const batches = (part: string, count: number, task: string) =>
      Array.from({ length: count }, (_, i) => points(task, `${part} ${i}`));
    const shown = batches("support", support, "own");
    const other = querySource === "other-tasks" ? "other" : "own";
    const asked = querySource === "same-examples" ? shown : batches("query", query, other);
    return { tasks: ["lines"], support: shown.map(batchOf), query: batchOf(asked.flat()) };
  };

  return {
    next(shape) {
      const episodes = Array.from({ length: shape.tasks }, (_, i) => episode(drawn + i, shape));
      drawn += shape.tasks;
      return episodes;
    },
    state: () => ({ drawn }),
    restore: (state) => {
      drawn = state.drawn ?? 0;
    },
  };
}

/** Converts points to tensors, which the caller disposes. */
function batchOf(points: readonly { readonly x: number; readonly y: number }[]): ExampleBatch {
  const column = (values: number[]) => tf.tensor2d(values, [values.length, 1]);
  return { x: column(points.map(({ x }) => x)), y: column(points.map(({ y }) => y)) };
}

export default definePlugin({
  name: "__package__",
  tasks: { [name]: defineFactory(options, __factory__) },
});
