import { type Learner, MetaError, meanGradient } from "@metalearn/core";

/** Options of {@link metaicl}. */
export interface MetaiclOptions {
  /** Batches whose gradients are averaged for one update. @default 1 */
  readonly batches?: number;
  /** Whether one batch's examples come from one data set or from the mixture of all. @default "mixture" */
  readonly taskUnit?: "task" | "mixture";
}

/**
 * Meta-training for in-context learning: the language-model loss of an answer after demonstrations
 * of the same task. There is no inner loop; adapting means reading the demonstrations, which the
 * sampler has put into every sequence. Whether the answer follows the input (direct) or the input
 * follows the answer (channel) is the sampler's `method`.
 *
 * Source: Min et al. 2022, section 3.1 and 3.3.
 *
 * @throws MetaError `BAD_OPTION` when `batches` is below 1
 */
export function metaicl({ batches = 1, taskUnit = "mixture" }: MetaiclOptions = {}): Learner {
  if (!Number.isInteger(batches) || batches < 1) {
    throw new MetaError(
      "BAD_OPTION",
      `batches must be a whole number of at least 1, but is ${batches}.`,
    );
  }
  return {
    name: "metaicl",
    episodes: { tasks: batches, support: 0, query: 1, querySource: "same-task", unit: taskUnit },
    adapt: (_, params) => params,
    metaGradient(objective, params, episodes, state) {
      const mean = meanGradient(episodes, ({ query }) => objective.gradient(params, query));
      return { ...mean, state };
    },
  };
}
