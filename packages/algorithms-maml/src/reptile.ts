import { type Learner, mapParams, meanGradient, parseOptions, tidy } from "@metalearn/core";
import * as tf from "@tensorflow/tfjs";
import { z } from "zod";
import { count, episodeOptions, episodeShape } from "./episodes.js";
import { adaptAfresh, innerLoops } from "./innerLoop.js";
import { adapt, innerOptimizer, innerSteps } from "./innerLoopOptions.js";

export const reptileOptions = z
  .strictObject({
    ...episodeOptions.shape,
    innerOptimizer,
    adapt,
    innerSteps: innerSteps.default(5),
    support: count
      .optional()
      .describe("Support batches per task. Default: as many as inner steps."),
  })
  .describe("Moves the parameters towards the result of inner steps.");

/** Options of {@link reptile}. */
export type ReptileOptions = z.input<typeof reptileOptions>;

/**
 * Reptile: moves the parameters towards the end of inner steps on each task. The meta-gradient is `theta -
 * mean phi`, so that plain SGD as the meta-optimizer, with a rate of epsilon, makes the paper's step. Query
 * batches are read only for the reported loss.
 *
 * Every task starts from zero moments; parameters that are not adapted do not change at all.
 *
 * Source: Nichol et al. 2018, algorithms 1 and 2.
 *
 * @throws MetaError `BAD_OPTION`
 */
export function reptile(options: ReptileOptions): Learner {
  const parsed = parseOptions(reptileOptions, options);
  const { innerOptimizer: optimizer, innerSteps, support = innerSteps } = parsed;
  const adapt = adaptAfresh(optimizer, innerLoops(optimizer, parsed.adapt), innerSteps);

  return {
    name: "reptile",
    episodes: episodeShape({ ...parsed, support }),
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
