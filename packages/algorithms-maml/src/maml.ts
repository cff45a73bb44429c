import {
  addParams,
  disposeParams,
  type EpisodeShape,
  type Learner,
  type LossAndGradients,
  type MetaOptimizer,
  type MetaState,
  matchingNames,
  meanGradient,
  modelParams,
  type Params,
  tidy,
} from "@metalearn/core";
import * as tf from "@tensorflow/tfjs";
import { type EpisodeOptions, episodeShape, requireCounts } from "./episodes.js";
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
import type { LearnedRates } from "./learnedRates.js";
import { type MomentFlow, type MomentSharing, momentFlow } from "./moments.js";
import { type MultiStepLoss, stepWeights, weighted } from "./multiStepLoss.js";

/** Options of {@link maml}. */
export interface MamlOptions extends EpisodeOptions {
  /** Takes the inner steps. */
  readonly innerOptimizer: MetaOptimizer;
  /** Inner steps per task; without any, the meta-gradient is the plain query gradient. @default 1 */
  readonly innerSteps?: number;
  /**
   * 2 differentiates through the inner steps; 1 takes the query gradient at the adapted parameters
   * for the meta-gradient (FOMAML).
   *
   * @default 2
   */
  readonly order?: 1 | 2;
  /** Whether a task's adapted parameters meet its own query batch or those of all tasks. @default "own" */
  readonly queries?: "own" | "all-pairs";
  /** @default "reset" */
  readonly moments?: MomentSharing;
  /** Counts the query loss after every inner step, not only the last. @default off */
  readonly multiStepLoss?: MultiStepLoss | undefined;
  /**
   * Which parameters the inner loop adapts: names, where `*` stands for any text and a leading `!`
   * leaves names out (`["h.11.*", "!h.11.ln_1.*"]`). The meta-gradient covers all parameters either
   * way.
   *
   * @default all
   */
  readonly adapt?: readonly string[];
}

/**
 * Model-agnostic meta-learning: parameters from which a few gradient steps on a task's support set
 * lead to a low loss on its query set.
 *
 * The meta-gradient is the mean over tasks of `d L_query(phi_i) / d theta`, where `phi_i` comes
 * from `theta` by `innerSteps` updates of `innerOptimizer` on the support loss. Order 2 is exact.
 *
 * Source: Finn et al. 2017, algorithm 1 and section 5.2 (first order).
 *
 * @throws MetaError `BAD_OPTION` when a count is too small
 */
export function maml(options: MamlOptions): Learner {
  return mamlWith(options);
}

/** {@link maml}, with rates of its inner steps that are learned, if any. */
export function mamlWith(options: MamlOptions, rates?: LearnedRates): Learner {
  const {
    innerOptimizer: optimizer,
    innerSteps: steps = 1,
    order = 2,
    queries = "own",
    moments = "reset",
    multiStepLoss,
    adapt = ["*"],
  } = options;
  requireCounts({ innerSteps: steps }, 0);
  const shape = episodeShape(options);
  // Nobody reads a support set where no step is taken.
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
        loop: innerLoop(objective, own),
        params: own,
        order,
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
          // Slots that nobody goes on with are not worth their memory.
          return { ...found, slots: moments === "reset" ? {} : slots };
        });
        flow.finish({ ...begin, step: begin.step + steps, slots });
        return result;
      });
      return { ...mean, state: flow.result() };
    },
  };
}

/** What the tasks of a meta-update have in common. */
interface TaskOptions<B> {
  readonly loop: InnerLoop<B>;
  readonly params: Params;
  readonly order: 1 | 2;
  readonly rates: LearnedRates | undefined;
  /** Of the query losses after each inner step; none where only the last counts. */
  readonly weights: readonly tf.Scalar[];
}

/**
 * One task's part of a meta-update: down the inner loop, to the query losses that count, and back.
 *
 * @returns the slots that the inner loop ended with as well
 */
function taskGradient<B>(
  { loop, params, order, rates, weights }: TaskOptions<B>,
  support: readonly B[],
  start: InnerStart,
  queryGradient: (adapted: Params) => LossAndGradients,
): LossAndGradients & Pick<Trajectory, "slots"> {
  // Of first order, the query gradients are the meta-gradient, unless there are rates to be learned.
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
