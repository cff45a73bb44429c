import { setImmediate } from "node:timers/promises";
import * as tf from "@tensorflow/tfjs";
import type { Predictor } from "../contracts/model.js";
import type { EpisodeTarget, PredictionMetric } from "../contracts/task.js";
import { MetaError } from "../errors.js";
import type { Params } from "../params.js";
import { mean } from "../statistics.js";
import { tidy } from "../tidy.js";
import type { TargetAdapter } from "./adaptation.js";
import type { SeedScore } from "./scores.js";

/** Options of {@link scoreEpisodes}. */
export interface ScoreEpisodesOptions {
  readonly model: Pick<Predictor, "outputs">;
  readonly params: Params;
  /** Adapts parameters to each support set. @default no adaptation */
  readonly adapter?: Pick<TargetAdapter, "adapt"> | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Prediction of one query, and its target. */
export interface EpisodeAnswer {
  /** Index of the episode, and of the query in its episode. */
  readonly episode: number;
  readonly query: number;
  /** Class index, or numbers. */
  readonly prediction: number | readonly number[];
  readonly target: number | readonly number[];
  /** Score of each class; the highest wins. */
  readonly scores?: readonly number[];
}

/** A score and the predictions that it was computed from. */
export interface ScoredEpisodes extends SeedScore {
  readonly queries: readonly EpisodeAnswer[];
}

/**
 * Scores a model's predictions of each episode's query.
 *
 * @throws MetaError `NON_FINITE` when the score is not a number; the signal's reason when it is aborted
 */
export async function scoreEpisodes(
  target: EpisodeTarget,
  seed: number,
  { model, params, adapter, signal }: ScoreEpisodesOptions,
): Promise<ScoredEpisodes> {
  const episodes = target.episodes(seed);
  try {
    const parts: Prediction[] = [];
    for (const { support, query } of episodes) {
      signal?.throwIfAborted();
      const outputs = tidy(() => {
        const adapted = adapter?.adapt(target.name, support) ?? params;
        return model.outputs(adapted, query.x);
      });
      parts.push({
        outputs: [...outputs.dataSync()],
        targets: [...query.y.dataSync()],
        width: outputs.shape[1],
      });
      outputs.dispose();
      await setImmediate(); // lets signals and progress bars run
    }
    const { score, chance } = metrics[target.metric](parts);
    const queries = parts.flatMap((part, episode) => answersTo(part, episode, target.metric));
    if (!Number.isFinite(score)) {
      throw new MetaError("NON_FINITE", `The score of "${target.name}" is ${score}.`);
    }
    return { seed, score, questions: queries.length, chance, queries };
  } finally {
    tf.dispose(episodes as unknown as tf.TensorContainer);
  }
}

/** Predictions of one query batch, in row-major order, and their targets. */
interface Prediction {
  readonly outputs: readonly number[];
  readonly targets: readonly number[];
  /** Number of outputs per row. */
  readonly width: number;
}

function answersTo(
  { outputs, targets, width }: Prediction,
  episode: number,
  metric: PredictionMetric,
): EpisodeAnswer[] {
  return Array.from({ length: outputs.length / width }, (_, query): EpisodeAnswer => {
    const own = outputs.slice(query * width, (query + 1) * width);
    if (metric === "accuracy") {
      const target = targets[query] as number;
      return { episode, query, prediction: highest(own), target, scores: own };
    }
    const target = targets.slice(query * width, (query + 1) * width);
    return { episode, query, prediction: own, target };
  });
}

function highest(scores: readonly number[]): number {
  return scores.indexOf(Math.max(...scores));
}

type Metric = (parts: readonly Prediction[]) => Pick<SeedScore, "score" | "chance">;

const metrics: Record<PredictionMetric, Metric> = {
  accuracy(parts) {
    const hits = parts.flatMap(({ outputs, targets, width }) =>
      targets.map((wanted, row) => {
        const scores = outputs.slice(row * width, (row + 1) * width);
        return highest(scores) === wanted ? 1 : 0;
      }),
    );
    return { score: mean(hits), chance: mean(parts.map(({ width }) => 1 / width)) };
  },

  r2(parts) {
    const targets = parts.flatMap((part) => part.targets);
    const outputs = parts.flatMap((part) => part.outputs);
    const centre = mean(targets);
    const error = mean(targets.map((wanted, i) => (wanted - Number(outputs[i])) ** 2));
    const variance = mean(targets.map((wanted) => (wanted - centre) ** 2));
    return { score: 1 - error / variance, chance: 0 };
  },
};
