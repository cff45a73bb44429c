import {
  type Batch,
  type Coefficients,
  type EpisodeShape,
  filterParams,
  type Learner,
  MetaError,
  type MetaOptimizer,
  type MetaState,
  matchingNames,
  meanGradient,
  type Objective,
  type Params,
  tidy,
  type UpdateCotangent,
  type UpdateInput,
} from "@metalearn/core";
import { backpropagate, descend, type InnerLoop, type InnerStart, startFrom } from "./innerLoop.js";
import { type MomentSharing, momentFlow } from "./moments.js";

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

  const flow = (names: readonly string[], params: Params, state: MetaState) =>
    momentFlow(
      moments,
      optimizer,
      filterParams(params, (name) => names.includes(name)),
      state,
    );

  // Compiled by themselves where the task is not compiled as a whole.
  const innerUpdate = (_: unknown, input: UpdateInput, c: Coefficients) =>
    optimizer.apply(input, c);
  const innerAdjoint = (
    _: unknown,
    input: UpdateInput,
    c: Coefficients,
    cotangent: UpdateCotangent,
  ) => optimizer.adjoint(input, c, cotangent);
  const innerLoop = <B extends Batch>(objective: Objective<B>, params: Params): InnerLoop<B> => ({
    objective,
    optimizer: {
      apply: objective.compiled(innerUpdate, "inner update"),
      adjoint: objective.compiled(innerAdjoint, "inner adjoint"),
    },
    names: adaptedNames(params, adapt),
  });

  /** What one task adds to a meta-update: a function of tensors alone. */
  const taskGradient = <B extends Batch>(
    objective: Objective<B>,
    params: Params,
    support: readonly B[],
    queries: readonly B[],
    start: InnerStart,
  ) =>
    tidy(() => {
      const loop = innerLoop(objective, params);
      const trajectory = descend(loop, params, support, start, order === 2);
      const { loss, gradients } = meanGradient(
        queries.map((query) => objective.gradient(trajectory.params, query)),
      );
      return {
        loss,
        gradients: order === 1 ? gradients : backpropagate(loop, trajectory, gradients),
        // Moments that nobody goes on with are not worth their memory.
        slots: moments === "reset" ? {} : trajectory.slots,
      };
    });

  return {
    name: order === 1 ? "fomaml" : "maml",
    episodes: { tasks, support, query, querySource, unit: taskUnit },

    adapt(objective, params, batches, state) {
      const loop = innerLoop(objective, params);
      return tidy(() => {
        const start = startFrom(optimizer, flow(loop.names, params, state).begin(), steps);
        return descend(loop, params, batches, start, false).params;
      });
    },

    metaGradient(objective, params, episodes, state) {
      const passing = flow(adaptedNames(params, adapt), params, state);
      // With one inner step the support gradient serves the Hessian-vector product as well, if both
      // are compiled together. With more, memory would grow with the steps.
      const gradientOf =
        steps === 1
          ? objective.compiled(taskGradient, "task gradient")
          : taskGradient.bind(undefined, objective);
      const perTask = episodes.map(({ support, query }) => {
        const asked = queries === "own" ? [query] : episodes.map((episode) => episode.query);
        const begin = passing.begin();
        const { slots, ...result } = tidy(() =>
          gradientOf(params, support, asked, startFrom(optimizer, begin, steps)),
        );
        passing.finish({ ...begin, step: begin.step + steps, slots });
        return result;
      });
      return { ...meanGradient(perTask), state: passing.result() };
    },
  };
}

function adaptedNames(params: Params, patterns: readonly string[]): string[] {
  return matchingNames(Object.keys(params), patterns, "adapt");
}
