import {
  addParams,
  disposeParams,
  type EpisodeShape,
  type Learner,
  type LossAndGradients,
  type MetaState,
  matchingNames,
  meanGradient,
  modelParams,
  type Params,
  parseOptions,
  tidy,
} from "@metalearn/core";
import * as tf from "@tensorflow/tfjs";
import { z } from "zod";
import { episodeOptions, episodeShape } from "./episodes.js";
import {
  backpropagate,
  descend,
  type InnerLoop,
  type InnerStart,
  innerLoops,
  pick,
  startFrom,
  type Trajectory,
} from "./innerLoop.js";
import { adapt, innerOptimizer } from "./innerLoopOptions.js";
import type { LearnedRates } from "./learnedRates.js";
import { type MomentFlow, momentFlow, momentSharing } from "./moments.js";
import { multiStepLoss, stepWeights, weighted } from "./multiStepLoss.js";

const order = z
  .literal([1, 2])
  .default(2)
  .describe("2 differentiates through the inner steps, 1 takes the query gradient where they end.");

export const fomamlOptions = z
  .strictObject({
    ...episodeOptions.shape,
    queries: z
      .enum(["own", "all-pairs"])
      .default("own")
      .describe(
        "Query batches on which a task's adapted parameters are evaluated: its own, or those of all tasks.",
      ),
    multiStepLoss: multiStepLoss.optional(),
    innerOptimizer,
    moments: momentSharing.default("reset"),
    adapt,
    innerSteps: z
      .int()
      .min(0)
      .default(1)
      .describe(
        "Inner steps per task; they cycle through its support batches. Without any, the meta-gradient is the plain query gradient.",
      ),
  })
  .describe("MAML of first order: the query gradient is taken where the inner steps end.");

export const mamlOptions = fomamlOptions
  .extend({ order })
  .describe(
    "Model-agnostic meta-learning: parameters from which a few inner steps lead to a low query loss.",
  );

/** Options of {@link fomaml}. */
export type FomamlOptions = z.input<typeof fomamlOptions>;

/** Options of {@link maml}. */
export type MamlOptions = z.input<typeof mamlOptions>;

/**
 * Model-agnostic meta-learning: parameters from which a few gradient steps on a task's support set
 * lead to a low loss on its query set.
 *
 * The meta-gradient is the mean over tasks of `d L_query(phi_i) / d theta`, where `phi_i` comes
 * from `theta` by `innerSteps` updates of `innerOptimizer` on the support loss. Order 2 is exact.
 *
 * Source: Finn et al. 2017, algorithm 1 and section 5.2 (first order).
 *
 * @throws MetaError `BAD_OPTION`; from `metaGradient`, when optimizers with different moments are to
 *   share them
 */
export function maml(options: MamlOptions): Learner {
  return mamlWith(parseOptions(mamlOptions, options));
}

/** {@link maml} of order 1, which takes the query gradient at the adapted parameters (FOMAML). */
export function fomaml(options: FomamlOptions): Learner {
  return mamlWith({ ...parseOptions(fomamlOptions, options), order: 1 });
}

/** Makes {@link maml} from parsed options, with learned rates of its inner steps, if any. */
export function mamlWith(options: z.output<typeof mamlOptions>, rates?: LearnedRates): Learner {
  const {
    innerOptimizer: optimizer,
    innerSteps: steps,
    order,
    queries,
    moments,
    multiStepLoss,
    adapt,
  } = options;
  const shape = episodeShape(options);
  // Without inner steps, no support set is read.
  const episodes: EpisodeShape = steps === 0 ? { ...shape, support: 0 } : shape;

  const innerLoop = innerLoops(optimizer, adapt);
  const adaptedOf = (params: Params) =>
    pick(params, matchingNames(Object.keys(modelParams(params)), adapt, "adapt"));
  const flowOf = (params: Params, state: MetaState): MomentFlow =>
    rates
      ? rates.flow(params, adaptedOf(params), state)
      : momentFlow(moments, optimizer, adaptedOf(params), state);

  return {
    name: order === 1 ? "fomaml" : "maml",
    episodes,
    ...(rates && { metaParams: (params) => rates.init(adaptedOf(params)) }),

    adapt(objective, params, batches, state) {
      return tidy(() => {
        const start = startFrom(optimizer, flowOf(params, state).begin(), steps);
        const own = modelParams(params);
        return descend(innerLoop(objective, own), own, batches, start, 0).params;
      });
    },

    metaGradient(objective, params, episodes, state) {
      const flow = flowOf(params, state);
      const own = modelParams(params);
      const common = {
        ...options,
        loop: innerLoop(objective, own),
        params: own,
        rates,
        weights: multiStepLoss
          ? stepWeights(steps, state.optimizer.update, multiStepLoss).map((w) => tf.scalar(w))
          : [],
      };
      const mean = meanGradient(episodes, ({ support, query }) => {
        const queryBatches = queries === "own" ? [query] : episodes.map(({ query }) => query);
        const queryGradient = (adapted: Params) =>
          meanGradient(queryBatches, (batch) => objective.gradient(adapted, batch));
        const begin = flow.begin();
        const { slots, ...result } = tidy(() => {
          const start = startFrom(optimizer, begin, steps);
          const { slots, ...found } = taskGradient(common, support, start, queryGradient);
          // Slots that are not used again are freed.
          return { ...found, slots: moments === "reset" ? {} : slots };
        });
        flow.finish({ ...begin, step: begin.step + steps, slots });
        return result;
      });
      return { ...mean, state: flow.result() };
    },
  };
}

/** Options that all tasks of a meta-update share. */
interface TaskOptions<B> extends Pick<z.output<typeof mamlOptions>, "order"> {
  readonly loop: InnerLoop<B>;
  readonly params: Params;
  readonly rates: LearnedRates | undefined;
  /** Weights of the query losses after each inner step; empty if only the last counts. */
  readonly weights: readonly tf.Scalar[];
}

/**
 * Computes the query loss and meta-gradient of one task: inner loop, query gradients, backward pass.
 *
 * @returns also the optimizer slots at the end of the inner loop
 */
function taskGradient<B>(
  { loop, params, order, rates, weights }: TaskOptions<B>,
  support: readonly B[],
  start: InnerStart,
  queryGradient: (adapted: Params) => LossAndGradients,
): LossAndGradients & Pick<Trajectory, "slots"> {
  // In first order, the query gradients are the meta-gradient, unless rates are learned.
  const hasBackward = order === 2 || rates !== undefined;
  const recorded = hasBackward ? order : weights.length > 0 ? 1 : 0;
  const trajectory = descend(loop, params, support, start, recorded);
  const { steps, slots } = trajectory;
  const last = queryGradient(trajectory.params);
  if (start.coefficients.length > 0) disposeParams(pick(trajectory.params, loop.names));

  const afterSteps = weights.map((weight, j) => {
    const next = steps[j + 1];
    return weighted(next ? queryGradient(next.params) : last, weight);
  });
  const counted = afterSteps.length > 0 ? afterSteps : [last];
  const loss = tf.addN(counted.map(({ loss }) => loss)) as tf.Scalar;
  const gradients = counted.map(({ gradients }) => gradients);
  if (!hasBackward) return { loss, gradients: addParams(gradients), slots };
  const back = backpropagate(loop, trajectory, gradients.at(-1) as Params, {
    order,
    onTheWay: [undefined, ...gradients.slice(0, -1)],
    slots: rates !== undefined,
  });
  return { loss, gradients: { ...back.gradient, ...rates?.gradients(back.slots) }, slots };
}
