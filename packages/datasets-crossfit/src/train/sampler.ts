import {
  bucketedTokenBatch,
  type Episode,
  MetaError,
  type SamplerState,
  type TaskSampler,
  type TokenBatch,
  type TokenSequence,
  tokenBatch,
} from "@metalearn/core";
import { checkShape, type Pool } from "./checkShape.js";
import { type DrawnEpisode, drawEpisodes } from "./drawEpisodes.js";
import { mixtureWalk, weightedWalk } from "./mixtureWalk.js";
import type { RowAddress } from "./rowAddress.js";
import { type TaskSampling, taskWeights } from "./taskWeights.js";
import { type TrainingSequenceOptions, trainingSequences } from "./trainingSequences.js";

/** What a sampler is made of. */
export interface SamplerOptions extends TrainingSequenceOptions {
  readonly taskSampling: TaskSampling;
  /** Of `temperature` sampling. */
  readonly temperature: number;
  /** Whether the episodes of a meta-update that are of one task each are of different ones. */
  readonly distinctTasks: boolean;
  /** Sequences per batch. */
  readonly batchSize: number;
  /** Lengths to pad sequences to; absent, a batch is as long as its longest sequence. */
  readonly paddedLengths?: readonly number[] | undefined;
}

/**
 * Episodes of training sequences. Which rows a meta-update reads depends on the seed and on two
 * counters: meta-updates so far, and rows read so far of the mixture.
 */
export function trainingSampler(options: SamplerOptions): TaskSampler<TokenBatch> {
  const { tasks, batchSize, paddedLengths, taskSampling, temperature, distinctTasks, seed } =
    options;
  const sizes = tasks.map(({ size }) => size);
  const weights = taskWeights(sizes, taskSampling, temperature);
  const pool: Pool = { tasks, batchSize, taskSampling, weights, distinctTasks };
  const batchOf = (sequences: readonly TokenSequence[]) =>
    paddedLengths ? bucketedTokenBatch(sequences, paddedLengths) : tokenBatch(sequences);
  const sequenceOf = trainingSequences(options);
  const walk =
    taskSampling === "proportional" ? mixtureWalk(sizes, seed) : weightedWalk(sizes, weights, seed);
  let update = 0;
  let position = 0;

  return {
    next(shape) {
      checkShape(shape, pool);
      const drawn = drawEpisodes(shape, { pool, walk, seed, update, position });
      let index = 0;
      const sequences = (rows: readonly RowAddress[]) =>
        rows.map((row) => sequenceOf(row, { update, index: index++ }));
      const episodes = drawn.episodes.map((episode): Episode<TokenBatch> => {
        const support = sequences(episode.support);
        const query = episode.query === undefined ? support : sequences(episode.query);
        return {
          tasks: taskNames(episode),
          support: chunks(support, batchSize).map(batchOf),
          query: batchOf(query),
        };
      });
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

  function taskNames({ support, query = [] }: DrawnEpisode): string[] {
    const used = new Set([...support, ...query].map(({ task }) => task));
    return [...used].map((task) => tasks[task]?.name ?? "");
  }
}

function chunks(sequences: readonly TokenSequence[], size: number): TokenSequence[][] {
  return Array.from({ length: sequences.length / size }, (_, i) =>
    sequences.slice(i * size, (i + 1) * size),
  );
}

function counter(state: SamplerState, name: string): number {
  const value = state[name];
  if (value !== undefined && Number.isSafeInteger(value) && value >= 0) return value;
  throw new MetaError(
    "BAD_CHECKPOINT",
    `The sampler's state should hold a whole number "${name}", but it is ${value}. Was it saved by another data set?`,
  );
}
