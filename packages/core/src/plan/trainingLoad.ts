import { batchesPerUpdate, type Episode } from "../contracts/task.js";
import type { TrainingRun } from "../run/openRun.js";
import { trainingSampler } from "../run/trainingSampler.js";
import { tidy } from "../tidy.js";
import { countTokens } from "../train/metaTrain.js";

/** Amount of text that a training reads. */
export interface TrainingLoad {
  readonly updates: number;
  readonly batches: number;
  /** Number of tokens, padding included; extrapolated from the first updates. */
  readonly tokens: number;
  /** Maximum number of tokens computed at once. */
  readonly tokensAtOnce: number;
  /** Length of the longest sequence drawn, padding included. */
  readonly longest: number;
}

/** Number of meta-updates that give the mean to within a few percent. */
const drawn = 32;

/** Draws the episodes of a run's first meta-updates and counts their tokens. */
export function trainingLoad(run: TrainingRun): TrainingLoad {
  const { learner, updates } = run.training;
  const { sampler } = trainingSampler(run);
  const count = Math.min(updates, drawn);
  const { microBatch = Number.POSITIVE_INFINITY } = run.compute;
  const shapes: (readonly number[])[] = [];
  let tokens = 0;
  for (let update = 0; update < count; update++) {
    tidy(() => {
      const episodes = sampler.next(learner.episodes);
      tokens += countTokens(episodes);
      shapes.push(...batchShapes(episodes));
    });
  }
  return {
    updates,
    batches: updates * batchesPerUpdate(learner.episodes),
    tokens: Math.round((tokens / count) * updates),
    tokensAtOnce: Math.max(
      0,
      ...shapes.map(([rows = 0, length = 0]) => Math.min(rows, microBatch) * length),
    ),
    longest: Math.max(0, ...shapes.map(([, length = 0]) => length)),
  };
}

function batchShapes(episodes: readonly Episode[]): (readonly number[])[] {
  return episodes
    .flatMap(({ support, query }) => [...support, query])
    .flatMap(({ inputIds }) => (inputIds ? [inputIds.shape] : []));
}
