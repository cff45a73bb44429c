import {
  type Batch,
  type Learner,
  type MetaOptimizer,
  mapParams,
  meanGradient,
  type Objective,
  type Params,
  tidy,
  zerosLikeParams,
} from "@metalearn/core";
import * as tf from "@tensorflow/tfjs";
import { type EpisodeOptions, episodeShape, requireCounts } from "./episodes.js";
import {
  adaptAfresh,
  backpropagate,
  descend,
  freshStart,
  type InnerStart,
  innerLoops,
  pick,
} from "./innerLoop.js";

/** Options of {@link bmg}. */
export interface BmgOptions extends EpisodeOptions {
  /** Takes the inner steps and those to the target, from zero moments for every task. */
  readonly innerOptimizer: MetaOptimizer;
  /** K: inner steps per task. @default 1 */
  readonly innerSteps?: number;
  /** L: further steps from the adapted parameters to the target. @default 1 */
  readonly targetSteps?: number;
  /** What the steps to the target read: the query batch, or support batches in turn. @default "query" */
  readonly target?: "query" | "support";
  /** Which parameters are adapted, as in {@link MamlOptions}. @default all */
  readonly adapt?: readonly string[];
}

/**
 * Bootstrapped meta-gradients: the adapted parameters `phi` are drawn towards where `targetSteps`
 * further steps would have led them. The meta-gradient is that of `|phi - target|^2 / 2`, with the
 * target held fixed, through the inner steps; exact second order. The loss that is reported is the
 * query loss at `phi`.
 *
 * With SGD and one step on the query batch this is MAML's meta-gradient times the inner rate, so that
 * the outer rate has to be as much larger, unless the meta-optimizer is one like Adam. The paper's
 * other matching function, a divergence between predictions, would need a model to give those; a
 * model gives its loss only. Parameters that are not adapted change only through the inner steps.
 *
 * Source: Flennerhag et al. 2022, section 3, equation 2.
 *
 * @throws MetaError `BAD_OPTION` when a count is below 1
 */
export function bmg(options: BmgOptions): Learner {
  const {
    innerOptimizer: optimizer,
    innerSteps = 1,
    targetSteps = 1,
    target = "query",
    adapt: patterns = ["*"],
  } = options;
  requireCounts({ innerSteps, targetSteps });
  const innerLoop = innerLoops(optimizer, patterns);

  const taskGradient = <B extends Batch>(
    objective: Objective<B>,
    params: Params,
    support: readonly B[],
    query: B,
    { slots, coefficients }: InnerStart,
  ) => {
    const loop = innerLoop(objective, params);
    const start = { slots, coefficients: coefficients.slice(0, innerSteps) };
    const adapted = descend(loop, params, support, start, 2);
    const turn = innerSteps % support.length;
    const further = [...support.slice(turn), ...support.slice(0, turn)];
    const bootstrapped = descend(
      loop,
      adapted.params,
      target === "query" ? [query] : further,
      { slots: adapted.slots, coefficients: coefficients.slice(innerSteps) },
      0,
    );
    const distance = mapParams(
      (phi, target) => tf.sub(phi, target),
      pick(adapted.params, loop.names),
      bootstrapped.params,
    );
    const matching = { ...zerosLikeParams(params), ...distance };
    return {
      loss: objective.loss(adapted.params, query),
      gradients: backpropagate(loop, adapted, matching).gradient,
    };
  };

  return {
    name: "bmg",
    episodes: episodeShape(options),
    adapt: adaptAfresh(optimizer, innerLoop, innerSteps),
    metaGradient(objective, params, episodes, state) {
      const steps = innerSteps + targetSteps;
      const mean = meanGradient(episodes, ({ support, query }) =>
        tidy(() => {
          const { names } = innerLoop(objective, params);
          const start = freshStart(optimizer, pick(params, names), state, steps);
          return taskGradient(objective, params, support, query, start);
        }),
      );
      return { ...mean, state };
    },
  };
}
