import {
  type Batch,
  type Learner,
  mapParams,
  meanGradient,
  type Objective,
  type Params,
  parseOptions,
  tidy,
  zerosLikeParams,
} from "@metalearn/core";
import * as tf from "@tensorflow/tfjs";
import { z } from "zod";
import { count, episodeOptions, episodeShape } from "./episodes.js";
import {
  adaptAfresh,
  backpropagate,
  descend,
  freshStart,
  type InnerStart,
  innerLoops,
  pick,
} from "./innerLoop.js";
import { adapt, innerOptimizer, innerSteps } from "./innerLoopOptions.js";

export const bmgOptions = z
  .strictObject({
    ...episodeOptions.shape,
    innerOptimizer,
    adapt,
    innerSteps: innerSteps.default(1),
    targetSteps: count
      .default(1)
      .describe("Further inner steps, from the adapted parameters to the target."),
    target: z
      .enum(["query", "support"])
      .default("query")
      .describe("Batches of the steps to the target: the query batch, or support batches in turn."),
  })
  .describe(
    "Bootstrapped meta-gradients: draws the adapted parameters towards the result of further steps.",
  );

/** Options of {@link bmg}. */
export type BmgOptions = z.input<typeof bmgOptions>;

/**
 * Bootstrapped meta-gradients: draws the adapted parameters `phi` towards a target, the parameters after
 * `targetSteps` further steps. The meta-gradient is that of `|phi - target|^2 / 2`, with the target held
 * fixed, through the inner steps; exact second order. The reported loss is the query loss at `phi`. Every
 * task starts from zero moments.
 *
 * With SGD and one step on the query batch this is MAML's meta-gradient times the inner rate, so that the
 * outer rate has to be correspondingly larger, unless the meta-optimizer rescales gradients, as Adam does.
 * The paper's other matching function, a divergence between predictions, is not offered, because a model
 * gives only its loss. Parameters that are not adapted change only through the inner steps.
 *
 * Source: Flennerhag et al. 2022, section 3, equation 2.
 *
 * @throws MetaError `BAD_OPTION`
 */
export function bmg(options: BmgOptions): Learner {
  const parsed = parseOptions(bmgOptions, options);
  const { innerOptimizer: optimizer, innerSteps, targetSteps, target } = parsed;
  const innerLoop = innerLoops(optimizer, parsed.adapt);

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
    episodes: episodeShape(parsed),
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
