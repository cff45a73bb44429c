import {
  bucketedTokenBatch,
  type Episode,
  type EpisodeShape,
  MetaError,
  type OptionExample,
  optionBatch,
  type SamplerState,
  type TaskSampler,
  type TokenBatch,
  type TokenSequence,
  tokenBatch,
} from "@metalearn/core";
import type { TaskSampling } from "../options.js";
import { checkShape, type Pool } from "./checkShape.js";
import { type DrawnEpisode, type DrawnUpdate, drawEpisodes } from "./drawEpisodes.js";
import { mixtureWalk, weightedWalk } from "./mixtureWalk.js";
import type { RowAddress } from "./rowAddress.js";
import { taskWeights } from "./taskWeights.js";
import { type Draw, type TrainingSequenceOptions, trainingSequences } from "./trainingSequences.js";
import type { TrainingTask } from "./trainingTask.js";

/** Options of a sampler. */
export interface SamplerOptions extends TrainingSequenceOptions {
  readonly taskSampling: TaskSampling;
  /** Temperature of `temperature` sampling. */
  readonly temperature: number;
  /** True if single-task episodes of one meta-update use different tasks. */
  readonly distinctTasks: boolean;
  /** Sequences per batch. */
  readonly batchSize: number;
  /** Lengths to pad sequences to; without them, a batch is as long as its longest sequence. */
  readonly paddedLengths?: readonly number[] | undefined;
}

/**
 * Sampler of episodes of training sequences. The rows of a meta-update depend on the seed and on two
 * counters: meta-updates so far, and rows of the mixture read so far.
 */
export function trainingSampler(options: SamplerOptions): TaskSampler<TokenBatch> {
  const { tasks, batchSize, paddedLengths, taskSampling, temperature, distinctTasks, seed } =
    options;
  const sizes = tasks.map(({ size }) => size);
  const weights = taskWeights(sizes, taskSampling, temperature);
  const pool: Pool = { tasks, batchSize, taskSampling, weights, distinctTasks };
  /** Converts rows to batches. */
  const sequencesOf = trainingSequences(options);
  const answered: Batching<TokenSequence> = {
    example: sequencesOf.answered,
    batch: (sequences) =>
      paddedLengths ? bucketedTokenBatch(sequences, paddedLengths) : tokenBatch(sequences),
  };
  const perOption: Batching<OptionExample> = {
    example: sequencesOf.perOption,
    batch: (examples) => optionBatch(examples, paddedLengths),
  };
  let poolWithOptions: Pool | undefined;
  const poolOf = ({ answers }: EpisodeShape) => {
    if (answers !== "options") return pool;
    poolWithOptions ??= { ...pool, weights: weightsWithOptions(tasks, weights) };
    return poolWithOptions;
  };
  const walk =
    taskSampling === "proportional" ? mixtureWalk(sizes, seed) : weightedWalk(sizes, weights, seed);
  let update = 0;
  let position = 0;

  return {
    next(shape) {
      const pool = poolOf(shape);
      checkShape(shape, pool);
      const drawn = drawEpisodes(shape, { pool, walk, seed, update, position });
      const episodes =
        shape.answers === "options" ? build(drawn, perOption) : build(drawn, answered);
      position = drawn.position;
      update++;
      return episodes;
    },
    state: () => ({ update, position }),
    restore(state) {
      update = counter(state, "update");
      position = counter(state, "position");
    },
  };

  function build<T>(drawn: DrawnUpdate, { example, batch }: Batching<T>): Episode<TokenBatch>[] {
    let index = 0;
    const examples = (rows: readonly RowAddress[]) =>
      rows.map((row) => example(row, { update, index: index++ }));
    return drawn.episodes.map((episode) => {
      const support = examples(episode.support);
      const query = episode.query === undefined ? support : examples(episode.query);
      return {
        tasks: taskNames(episode),
        support: chunks(support, batchSize).map(batch),
        query: batch(query),
      };
    });
  }

  function taskNames({ support, query = [] }: DrawnEpisode): string[] {
    const used = new Set([...support, ...query].map(({ task }) => task));
    return [...used].map((task) => tasks[task]?.name ?? "");
  }
}

/** Conversion of rows to examples, and of examples to a batch. */
interface Batching<T> {
  example(address: RowAddress, draw: Draw): T;
  batch(examples: readonly T[]): TokenBatch;
}

/** Sets the weight of tasks with free-form answers to 0: they have no options to choose from. */
function weightsWithOptions(tasks: readonly TrainingTask[], weights: readonly number[]): number[] {
  return tasks.map((task, i) =>
    task.examples().every(({ options }) => options.length >= 2) ? (weights[i] as number) : 0,
  );
}

function chunks<T>(examples: readonly T[], size: number): T[][] {
  return Array.from({ length: examples.length / size }, (_, i) =>
    examples.slice(i * size, (i + 1) * size),
  );
}

function counter(state: SamplerState, name: string): number {
  const value = state[name];
  if (value !== undefined && Number.isSafeInteger(value) && value >= 0) return value;
  throw new MetaError(
    "BAD_CHECKPOINT",
    `Expected a whole number "${name}" in the sampler's state, got ${value}. Was it saved by another data set?`,
  );
}
