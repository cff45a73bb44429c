import { type Learner, type MetaOptimizer, mapParams, meanGradient, tidy } from "@metalearn/core";
import * as tf from "@tensorflow/tfjs";
import { type EpisodeOptions, episodeShape, requireCounts } from "./episodes.js";
import { adaptAfresh, innerLoops } from "./innerLoop.js";

/** Options of {@link reptile}. */
export interface ReptileOptions extends Omit<EpisodeOptions, "support"> {
  /** Takes the inner steps, from zero moments for every task. */
  readonly innerOptimizer: MetaOptimizer;
  /** Inner steps per task. @default 5 */
  readonly innerSteps?: number;
  /** Support batches per task; inner steps go round them. @default innerSteps */
  readonly support?: number | undefined;
  /** Which parameters are adapted; the others do not change at all. @default all */
  readonly adapt?: readonly string[];
}

/**
 * Reptile: moves the parameters towards where inner steps on each task lead. The meta-gradient is
 * `theta - mean phi`, so that plain SGD as the meta-optimizer, with a rate of epsilon, makes the
 * step of the paper. Query batches are read for the loss that is reported only.
 *
 * Source: Nichol et al. 2018, algorithms 1 and 2.
 *
 * @throws MetaError `BAD_OPTION` when a count is below 1
 */
export function reptile(options: ReptileOptions): Learner {
  const { innerOptimizer: optimizer, innerSteps = 5, adapt: patterns = ["*"] } = options;
  requireCounts({ innerSteps });
  const innerLoop = innerLoops(optimizer, patterns);

  const adapt = adaptAfresh(optimizer, innerLoop, innerSteps);

  return {
    name: "reptile",
    episodes: episodeShape({ ...options, support: options.support ?? innerSteps }),
    adapt,
    metaGradient(objective, params, episodes, state) {
      const mean = meanGradient(episodes, ({ support, query }) =>
        tidy(() => {
          const adapted = adapt(objective, params, support, state);
          const gradients = mapParams((p, phi) => tf.sub(p, phi), params, adapted);
          return { loss: objective.loss(adapted, query), gradients };
        }),
      );
      return { ...mean, state };
    },
  };
}
