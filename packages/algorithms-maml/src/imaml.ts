import {
  type Batch,
  type Learner,
  type MetaState,
  mapParams,
  meanGradient,
  meanParams,
  type Objective,
  type Params,
  parseOptions,
  tidy,
} from "@metalearn/core";
import * as tf from "@tensorflow/tfjs";
import { z } from "zod";
import { conjugateGradient } from "./conjugateGradient.js";
import { count, episodeOptions, episodeShape } from "./episodes.js";
import { descend, freshStart, innerLoops, pick } from "./innerLoop.js";
import { adapt, innerOptimizer } from "./innerLoopOptions.js";
import type { InnerObjective } from "./stepPolicy.js";

export const imamlOptions = z
  .strictObject({
    ...episodeOptions.shape,
    innerOptimizer,
    adapt,
    innerSteps: count
      .default(10)
      .describe(
        "Inner steps per task, each on all support batches; they should come close to the minimum.",
      ),
    proximalWeight: z
      .number()
      .positive()
      .default(1)
      .describe("The paper's λ: strength of the pull of the inner loop towards its start."),
    solverSteps: count
      .default(5)
      .describe("Steps of the conjugate gradient method, one Hessian-vector product each."),
  })
  .describe(
    "Inner loop to the minimum of the support loss plus a pull towards its start; implicit meta-gradient.",
  );

/** Options of {@link imaml}. */
export type ImamlOptions = z.input<typeof imamlOptions>;

/**
 * Implicit MAML: the inner loop minimises the support loss plus `lambda / 2 |phi - theta|^2`, and the
 * meta-gradient depends only on its end point `phi`, not on the path: `(I + H / lambda)^-1 dL_query / dphi`.
 * `H` is the Hessian of the support loss at `phi`; the system is solved by conjugate gradients. Every task
 * starts from zero moments, and every inner step reads all support batches.
 *
 * The result is exact for an inner loop that ends at the minimum and a solver that converges, which needs a
 * `lambda` greater than the magnitude of the loss's most negative curvature. A parameter `psi` that is not
 * adapted has the gradient `dL_query / dpsi - (d^2 L_support / dpsi dphi) x / lambda` for the solution `x`.
 *
 * Source: Rajeswaran et al. 2019, equations 3 to 7 and algorithms 1 and 2.
 *
 * @throws MetaError `BAD_OPTION`
 */
export function imaml(options: ImamlOptions): Learner {
  const parsed = parseOptions(imamlOptions, options);
  const { innerOptimizer: optimizer, innerSteps, proximalWeight: lambda, solverSteps } = parsed;
  const innerLoop = innerLoops(optimizer, parsed.adapt);

  /** Minimises the proximal objective and returns the final parameters. */
  const minimise = <B extends Batch>(
    objective: Objective<B>,
    params: Params,
    support: readonly B[],
    state: MetaState,
  ) => {
    const { names, optimizer: compiled } = innerLoop(objective, params);
    const loop = { names, optimizer: compiled, objective: proximal(objective, params, lambda) };
    const start = freshStart(optimizer, pick(params, names), state, innerSteps);
    return { ...loop, params: descend(loop, params, [support], start, 0).params };
  };

  return {
    name: "imaml",
    episodes: episodeShape(parsed),
    adapt: (objective, params, support, state) =>
      tidy(() => minimise(objective, params, support, state).params),
    metaGradient(objective, params, episodes, state) {
      const mean = meanGradient(episodes, ({ support, query }) =>
        tidy(() => {
          const end = minimise(objective, params, support, state);
          const { loss, gradients } = objective.gradient(end.params, query);
          /** H v / lambda, with an entry for every parameter. */
          const hessianTerm = (v: Params) => {
            const product = end.objective.hvp(end.params, support, v);
            return mapParams((h) => tf.div(h, lambda), product);
          };
          const solution = conjugateGradient(
            (v) => mapParams((v, h) => tf.add(v, h), v, hessianTerm(v)),
            pick(gradients, end.names),
            solverSteps,
          );
          if (end.names.length === Object.keys(params).length) return { loss, gradients: solution };
          const others = mapParams((g, h) => tf.sub(g, h), gradients, hessianTerm(solution));
          return { loss, gradients: { ...others, ...solution } };
        }),
      );
      return { ...mean, state };
    },
  };
}

/** Mean support loss plus `lambda / 2 |phi - origin|^2`; Hessians are those of the support loss only. */
function proximal<B extends Batch>(
  objective: Objective<B>,
  origin: Params,
  lambda: number,
): InnerObjective<readonly B[]> {
  return {
    gradient: (params, batches, names) =>
      tidy(() => {
        const { gradients } = meanGradient(batches, (batch) =>
          objective.gradient(params, batch, names),
        );
        const back = mapParams((phi, theta) => tf.sub(phi, theta), pick(params, names), origin);
        return { gradients: mapParams((g, d) => tf.add(g, tf.mul(d, lambda)), gradients, back) };
      }),
    hvp: (params, batches, vector) =>
      tidy(() => meanParams(batches.map((batch) => objective.hvp(params, batch, vector)))),
  };
}
