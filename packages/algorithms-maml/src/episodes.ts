import type { EpisodeShape } from "@metalearn/core";
import { z } from "zod";

/** A number of things of which there is at least one. */
export const count = z.int().min(1);

export const querySource = z
  .enum(["same-task", "other-tasks", "same-examples"])
  .describe(
    "Where query examples come from: from the support's task, from tasks that are nobody's support at this update, or they are the support itself (for tests).",
  );

/** The options that say what a learner with an inner loop sees at each meta-update. */
export const episodeOptions = z.strictObject({
  querySource: querySource.default("same-task"),
  taskUnit: z
    .enum(["task", "mixture"])
    .default("task")
    .describe("Whether a task is one data set, or a draw from the mixture of all."),
  tasks: count.default(4).describe("Tasks per meta-update."),
  support: count.default(1).describe("Support batches per task."),
  query: count.default(1).describe("Query batches per task."),
});

/** Options that learners with an inner loop have in common: the episodes they see. */
export type EpisodeOptions = z.input<typeof episodeOptions>;

/** The episodes that options ask for. */
export function episodeShape({
  tasks,
  support,
  query,
  querySource,
  taskUnit,
}: z.output<typeof episodeOptions>): EpisodeShape {
  return { tasks, support, query, querySource, unit: taskUnit };
}
