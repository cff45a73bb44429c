import type { EpisodeShape } from "@metalearn/core";
import { z } from "zod";

/** A whole number of at least 1. */
export const count = z.int().min(1);

export const querySource = z
  .enum(["same-task", "other-tasks", "same-examples"])
  .describe(
    "Source of query examples: the support's task, tasks outside of the support of this update, or the support examples themselves (for tests).",
  );

/** Options for the batches that a learner with an inner loop reads at each meta-update. */
export const episodeOptions = z.strictObject({
  querySource: querySource.default("same-task"),
  taskUnit: z
    .enum(["task", "mixture"])
    .default("task")
    .describe("Unit of a task: one data set, or a draw from the mixture of all."),
  tasks: count.default(4).describe("Tasks per meta-update."),
  support: count.default(1).describe("Support batches per task."),
  query: count.default(1).describe("Query batches per task."),
});

/** Options of episodes, common to all learners with an inner loop. */
export type EpisodeOptions = z.input<typeof episodeOptions>;

/** Episode shape for these options. */
export function episodeShape({
  tasks,
  support,
  query,
  querySource,
  taskUnit,
}: z.output<typeof episodeOptions>): EpisodeShape {
  return { tasks, support, query, querySource, unit: taskUnit };
}
