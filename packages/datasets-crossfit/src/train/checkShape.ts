import { counted, type EpisodeShape, MetaError } from "@metalearn/core";
import { shortList } from "../data/shortList.js";
import type { TaskSampling } from "../options.js";

/** Tasks that episodes are drawn from. */
export interface Pool {
  readonly tasks: readonly { readonly name: string; readonly size: number }[];
  readonly batchSize: number;
  readonly taskSampling: TaskSampling;
  /** Weight of each task in draws: {@link taskWeights}. */
  readonly weights: readonly number[];
  /** True if the supports of a meta-update come from different tasks, where each episode is of one task. */
  readonly distinctTasks: boolean;
}

/**
 * Checks that every meta-update of a shape can be drawn from a pool, so that none fails after hours of
 * training.
 *
 * @throws MetaError `BAD_OPTION` when there are too few tasks or rows, or the shape is inconsistent
 */
export function checkShape(shape: EpisodeShape, pool: Pool): void {
  checkCounts(shape);
  if (shape.unit === "mixture") {
    if (shape.answers === "options") {
      throw bad("Batches with all options come from one task each (learner.taskUnit: task)");
    }
    checkMixture(shape, pool);
    return;
  }
  const tasks = pool.tasks.filter((_, task) => pool.weights[task] !== 0);
  if (tasks.length === 0) {
    throw bad("All training tasks have free-form answers, and so no options to choose from");
  }
  checkTaskUnit(shape, { ...pool, tasks });
}

function checkCounts({ tasks, support, query, querySource }: EpisodeShape): void {
  const sameExamples = querySource === "same-examples";
  if (tasks < 1 || support < 0 || (query < 1 && !sameExamples)) {
    throw bad(
      `An episode shape needs at least one task and one query batch, but has ${counted(tasks, "task")}, ${support} support and ${query} query batches`,
    );
  }
  if (sameExamples && support === 0) {
    throw bad("The query cannot be the support examples when there are no support batches");
  }
}

function checkTaskUnit({ tasks, support, query, querySource }: EpisodeShape, pool: Pool): void {
  const { batchSize } = pool;
  const supportRows = support * batchSize;
  const queryRows = querySource === "same-examples" ? 0 : query * batchSize;
  const needed =
    querySource === "other-tasks" ? Math.max(supportRows, queryRows) : supportRows + queryRows;
  const small = pool.tasks.filter(({ size }) => size < needed);
  if (small.length > 0) {
    const list = shortList(small.map(({ name, size }) => `${name} (${size})`));
    throw bad(
      `With batches of ${batchSize}, ${support} support and ${query} query batches, an episode needs ${counted(needed, "row")} of one task, but these have fewer: ${list}. Lower batchSize, or remove them from the setting`,
    );
  }
  if (pool.distinctTasks && tasks > pool.tasks.length) {
    throw bad(
      `With distinctTasks the ${tasks} episodes of a meta-update need as many training tasks, but there ${pool.tasks.length === 1 ? "is" : "are"} ${pool.tasks.length}. Lower tasks (or batches) of the learner`,
    );
  }
  if (querySource === "other-tasks" && support > 0 && pool.tasks.length <= tasks) {
    throw bad(
      `Query examples of other tasks need a task outside of the support: expected at least ${counted(tasks + 1, "training task")} for ${counted(tasks, "task")} per meta-update, got ${pool.tasks.length}`,
    );
  }
}

function checkMixture({ tasks, support, query, querySource }: EpisodeShape, pool: Pool): void {
  const { batchSize } = pool;
  const rows = pool.tasks.reduce((sum, { size }) => sum + size, 0);
  const supportRows = support * batchSize;
  const queryRows = query * batchSize;
  if (querySource === "same-task" && rows < supportRows + queryRows) {
    throw bad(
      `An episode needs ${counted(supportRows + queryRows, "different row")}, but all training tasks together have ${rows}. Lower batchSize`,
    );
  }
  if (querySource !== "other-tasks") return;
  // In the worst case every support row comes from a different task, and the smallest tasks are left over.
  const usedTasks = Math.min(tasks * supportRows, pool.tasks.length);
  const sizes = pool.tasks.map(({ size }) => size).sort((a, b) => a - b);
  const left = sizes.slice(0, sizes.length - usedTasks);
  const leftRows = left.reduce((sum, size) => sum + size, 0);
  if (leftRows < queryRows) {
    throw bad(
      `${counted(tasks * supportRows, "support row")} from the mixture can touch ${usedTasks} of the ${counted(pool.tasks.length, "training task")}, which leaves ${counted(leftRows, "row")} of other tasks for ${counted(queryRows, "query example")}. Lower train.batchSize, or draw each episode from one task (learner.taskUnit: task)`,
    );
  }
}

function bad(problem: string): MetaError {
  return new MetaError("BAD_OPTION", `${problem}.`);
}
