import type { RunConfig } from "../config/schema.js";
import { batchesPerUpdate, type Episode, type TaskSampler } from "../contracts/task.js";
import type { OpenRun } from "../run/openRun.js";
import { tidy } from "../tidy.js";
import { countTokens } from "../train/metaTrain.js";
import { choosePaddedLengths } from "../train/paddedLengths.js";

/** What a training reads. */
export interface TrainingLoad {
  readonly updates: number;
  readonly batches: number;
  /** Padding included; an estimate where training has more updates than were drawn. */
  readonly tokens: number;
  /** The most tokens that are computed at once. */
  readonly tokensAtOnce: number;
  /** The longest sequence that was drawn, with its padding. */
  readonly longest: number;
}

/** As many meta-updates tell a mean to within a few percent. */
const drawn = 32;

type Training = NonNullable<OpenRun["training"]>;

/** The episodes that a run will be trained on, from the first. */
export function trainingSampler(
  { tasks, runtime }: Pick<OpenRun, "tasks" | "runtime">,
  { learner }: Pick<Training, "learner">,
  { seed, train: { batchSize } }: RunConfig,
): TaskSampler {
  const padding = choosePaddedLengths({ tasks, runtime, batchSize, unit: learner.episodes.unit });
  return tasks.sampler({ seed, batchSize, ...(padding && { paddedLengths: padding.sizes }) });
}

/** Draws the first meta-updates of a run, and counts what they read. */
export function trainingLoad(run: OpenRun, training: Training, config: RunConfig): TrainingLoad {
  const { learner, updates } = training;
  const sampler = trainingSampler(run, training, config);
  const count = Math.min(updates, drawn);
  const { microBatch = Number.POSITIVE_INFINITY } = config.train;
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
