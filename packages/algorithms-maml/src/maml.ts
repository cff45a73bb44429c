import {
  type Batch,
  type Episode,
  type EpisodeShape,
  filterParams,
  type Learner,
  MetaError,
  type MetaOptimizer,
  type MetaState,
  meanParams,
  type Objective,
  type Params,
} from "@metalearn/core";
import * as tf from "@tensorflow/tfjs";
import { backpropagate, descend, type InnerLoop } from "./innerLoop.js";
import { type MomentSharing, momentFlow } from "./moments.js";
import { namePattern } from "./namePattern.js";

/** Options of {@link maml}. */
export interface MamlOptions {
  /** Takes the inner steps. */
  readonly innerOptimizer: MetaOptimizer;
  /** Inner steps per task. @default 1 */
  readonly innerSteps?: number;
  /**
   * 2 differentiates through the inner steps; 1 takes the query gradient at the adapted parameters
   * for the meta-gradient (FOMAML).
   *
   * @default 2
   */
  readonly order?: 1 | 2;
  /** Tasks per meta-update. @default 4 */
  readonly tasks?: number;
  /** Support batches per task; inner steps go round them. @default 1 */
  readonly support?: number;
  /** Query batches per task. @default 1 */
  readonly query?: number;
  /** @default "same-task" */
  readonly querySource?: EpisodeShape["querySource"];
  /** Whether a task's examples come from one data set or from the mixture of all. @default "task" */
  readonly taskUnit?: EpisodeShape["unit"];
  /** Whether a task's adapted parameters meet its own query batch or those of all tasks. @default "own" */
  readonly queries?: "own" | "all-pairs";
  /** @default "reset" */
  readonly moments?: MomentSharing;
  /**
   * Which parameters the inner loop adapts: names, where `*` stands for any text
   * (`["h.11.*", "ln_f.*"]`). The meta-gradient covers all parameters either way.
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
 * @throws MetaError `BAD_OPTION` when a count is below 1
 */
export function maml(options: MamlOptions): Learner {
  const {
    innerOptimizer: optimizer,
    innerSteps: steps = 1,
    order = 2,
    tasks = 4,
    support = 1,
    query = 1,
    querySource = "same-task",
    taskUnit = "task",
    queries = "own",
    moments = "reset",
    adapt = ["*"],
  } = options;
  for (const [name, value] of Object.entries({ innerSteps: steps, tasks, support, query })) {
    if (!Number.isInteger(value) || value < 1) {
      throw new MetaError(
        "BAD_OPTION",
        `${name} must be a whole number of at least 1, but is ${value}.`,
      );
    }
  }

  const innerLoop = <B extends Batch>(objective: Objective<B>, params: Params): InnerLoop<B> => ({
    objective,
    optimizer,
    steps,
    names: adaptedNames(params, adapt),
  });
  const flow = (names: readonly string[], params: Params, state: MetaState) =>
    momentFlow(
      moments,
      optimizer,
      filterParams(params, (name) => names.includes(name)),
      state,
    );

  return {
    name: order === 1 ? "fomaml" : "maml",
    episodes: { tasks, support, query, querySource, unit: taskUnit },

    adapt(objective, params, batches, state) {
      const loop = innerLoop(objective, params);
      const start = flow(loop.names, params, state).begin();
      return descend(loop, params, batches, start, false).params;
    },

    metaGradient(objective, params, episodes, state) {
      const loop = innerLoop(objective, params);
      const passing = flow(loop.names, params, state);
      const perTask = episodes.map((episode) =>
        tf.tidy(() => {
          const trajectory = descend(loop, params, episode.support, passing.begin(), order === 2);
          const asked = queries === "own" ? [episode] : episodes;
          const { loss, gradients } = queryGradient(objective, trajectory.params, asked);
          return {
            loss,
            gradients: order === 1 ? gradients : backpropagate(loop, trajectory, gradients),
            // Returned so that tidy keeps the moments that the next task or update starts from.
            moments: passing.finish(trajectory.state),
          } as TaskResult;
        }),
      );
      return {
        loss: tf.mean(tf.stack(perTask.map(({ loss }) => loss))) as tf.Scalar,
        gradients: meanParams(perTask.map(({ gradients }) => gradients)),
        state: passing.result(),
      };
    },
  };
}

/** What one task adds to a meta-update, in the form that `tf.tidy` understands. */
type TaskResult = { loss: tf.Scalar; gradients: Record<string, tf.Tensor> };

/** Mean loss and gradient over query batches of equal weight. */
function queryGradient<B extends Batch>(
  objective: Objective<B>,
  params: Params,
  episodes: readonly Episode<B>[],
): { loss: tf.Scalar; gradients: Params } {
  const parts = episodes.map(({ query }) => objective.gradient(params, query));
  return {
    loss: tf.mean(tf.stack(parts.map(({ loss }) => loss))) as tf.Scalar,
    gradients: meanParams(parts.map(({ gradients }) => gradients)),
  };
}

function adaptedNames(params: Params, patterns: readonly string[]): string[] {
  const names = Object.keys(params);
  const matchers = patterns.map((pattern) => {
    const matches = namePattern(pattern);
    if (!names.some(matches)) {
      throw new MetaError(
        "BAD_OPTION",
        `adapt: no parameter is called "${pattern}". The model has, for example: ${names.slice(0, 5).join(", ")}.`,
      );
    }
    return matches;
  });
  return names.filter((name) => matchers.some((matches) => matches(name)));
}
