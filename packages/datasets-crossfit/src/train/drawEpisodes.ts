import { type EpisodeShape, randomFor } from "@metalearn/core";
import type { Pool } from "./checkShape.js";
import { drawDistinct, drawWeighted } from "./draws.js";
import { type MixtureWalk, weightedWalk } from "./mixtureWalk.js";
import { addressOf, type RowAddress } from "./rowAddress.js";

/** Rows of one episode. */
export interface DrawnEpisode {
  readonly support: readonly RowAddress[];
  /** `undefined` when the query is the support examples themselves. */
  readonly query: readonly RowAddress[] | undefined;
}

/** Episodes of one meta-update, and the position in the mixture after them. */
export interface DrawnUpdate {
  readonly episodes: readonly DrawnEpisode[];
  readonly position: number;
}

/** Pool and position that a meta-update is drawn from. */
export interface DrawOptions {
  readonly pool: Pool;
  readonly walk: MixtureWalk;
  readonly seed: number;
  /** Number of earlier meta-updates. */
  readonly update: number;
  /** Number of rows of the mixture that were read before. */
  readonly position: number;
}

/** Draws the rows of one meta-update, as a pure function of its arguments. */
export function drawEpisodes(shape: EpisodeShape, options: DrawOptions): DrawnUpdate {
  return shape.unit === "task" ? drawFromTasks(shape, options) : drawFromMixture(shape, options);
}

/**
 * Draws a task for each episode, then rows of it. Episodes may draw the same task, unless `distinctTasks` is
 * set.
 */
function drawFromTasks(
  { tasks, support, query, querySource }: EpisodeShape,
  { pool, seed, update, position }: DrawOptions,
): DrawnUpdate {
  const { weights } = pool;
  const supportRows = support * pool.batchSize;
  const queryRows = query * pool.batchSize;
  const drawRows = (purpose: string, episode: number, count: number, from = weights) => {
    const random = randomFor(seed, purpose, update, episode);
    const task = drawWeighted(random, from);
    const rows = drawDistinct(random, count, pool.tasks[task]?.size ?? 0);
    return rows.map((row): RowAddress => ({ task, row }));
  };
  const inOneTask = querySource === "same-task" ? supportRows + queryRows : supportRows;
  const drawn: RowAddress[][] = [];
  for (const episode of range(tasks)) {
    const before = new Set(pool.distinctTasks ? drawn.flat().map(({ task }) => task) : []);
    const left = weights.map((weight, task) => (before.has(task) ? 0 : weight));
    drawn.push(drawRows("episode", episode, inOneTask, left));
  }
  const supports = drawn.map((rows) => rows.slice(0, supportRows));
  const used = new Set(supports.flat().map(({ task }) => task));
  const others = weights.map((weight, task) => (used.has(task) ? 0 : weight));
  const queries = {
    "same-task": (episode: number) => drawn[episode]?.slice(supportRows),
    "other-tasks": (episode: number) => drawRows("query", episode, queryRows, others),
    "same-examples": () => undefined,
  };
  const episodes = supports.map((rows, i) => ({ support: rows, query: queries[querySource](i) }));
  return { episodes, position };
}

/** Reads episodes one after the other from the mixture of all tasks. */
function drawFromMixture(
  { tasks, support, query, querySource }: EpisodeShape,
  { pool, walk, seed, update, position: start }: DrawOptions,
): DrawnUpdate {
  const supportRows = support * pool.batchSize;
  const queryRows = query * pool.batchSize;
  let position = start;
  /** Reads the next rows, except those that the episode has already (around the end of an epoch). */
  const read = (count: number, taken: readonly RowAddress[] = []): RowAddress[] => {
    const rows: RowAddress[] = [];
    while (rows.length < count) {
      const next = walk.at(position++);
      if (!taken.some(({ task, row }) => task === next.task && row === next.row)) rows.push(next);
    }
    return rows;
  };
  if (querySource !== "other-tasks") {
    const episodes = range(tasks).map(() => {
      const rows = read(supportRows);
      return {
        support: rows,
        query: querySource === "same-task" ? read(queryRows, rows) : undefined,
      };
    });
    return { episodes, position };
  }
  const supports = range(tasks).map(() => read(supportRows));
  const used = new Set(supports.flat().map(({ task }) => task));
  const sizes = pool.tasks.map(({ size }, task) => (used.has(task) ? 0 : size));
  const weights = pool.weights.map((weight, task) => (used.has(task) ? 0 : weight));
  const rows = sizes.reduce((sum, size) => sum + size, 0);
  const episodes = supports.map((support, episode) => {
    const random = randomFor(seed, "query", update, episode);
    if (pool.taskSampling !== "proportional") {
      const walk = weightedWalk(sizes, weights, random.integer(2 ** 31));
      return { support, query: range(queryRows).map((index) => walk.at(index)) };
    }
    const drawn = drawDistinct(random, queryRows, rows);
    return { support, query: drawn.map((index) => addressOf(sizes, index)) };
  });
  return { episodes, position };
}

function range(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i);
}
