import { type EpisodeShape, MetaError } from "@metalearn/core";

/** What a learner with an inner loop sees at each meta-update. */
export interface EpisodeOptions {
  /** Tasks per meta-update. @default 4 */
  readonly tasks?: number;
  /** Support batches per task; inner steps go round them. @default 1 */
  readonly support?: number;
  /** Query batches per task. @default 1 */
  readonly query?: number;
  /** @default "same-task" */
  readonly querySource?: EpisodeShape["querySource"];
  /** Whether a task's examples come from one data set or from the mixture of all. @default "task" */
  readonly taskUnit?: EpisodeShape["unit"];
}

/** The episodes that options ask for. @throws MetaError `BAD_OPTION` when a count is below 1 */
export function episodeShape({
  tasks = 4,
  support = 1,
  query = 1,
  querySource = "same-task",
  taskUnit = "task",
}: EpisodeOptions): EpisodeShape {
  requireCounts({ tasks, support, query });
  return { tasks, support, query, querySource, unit: taskUnit };
}

/** @throws MetaError `BAD_OPTION` for a value that is not a whole number of at least `least` */
export function requireCounts(counts: Readonly<Record<string, number>>, least = 1): void {
  for (const [name, value] of Object.entries(counts)) {
    if (Number.isInteger(value) && value >= least) continue;
    throw new MetaError(
      "BAD_OPTION",
      `${name} must be a whole number of at least ${least}, but is ${value}.`,
    );
  }
}

/** @throws MetaError `BAD_OPTION` for a value that is not above 0 */
export function requirePositive(values: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(values)) {
    if (value > 0) continue;
    throw new MetaError("BAD_OPTION", `${name} must be above 0, but is ${value}.`);
  }
}
