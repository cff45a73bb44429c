import {
  defineFactory,
  definePlugin,
  type Episode,
  type Learner,
  mapParams,
  meanGradient,
  type Params,
  parseOptions,
  tidy,
} from "@metalearn/core";
import * as tf from "@tensorflow/tfjs";
import { z } from "zod";

/** Name in a config; no other plugin that the config lists may have a learner of this name. */
const name = "__component__";

const options = z.strictObject({
  innerLearningRate: z.number().positive().default(0.01).describe("Step size of the inner step."),
  tasks: z.int().min(1).default(4).describe("Tasks per meta-update."),
});

/** Options of {@link __factory__}. */
export type __Factory__Options = z.input<typeof options>;

/**
 * One gradient step on each task's support batch. The meta-gradient goes back through that step,
 * second derivatives included.
 *
 * Source: Finn et al. 2017, "Model-Agnostic Meta-Learning", algorithm 1.
 *
 * @throws MetaError `BAD_OPTION`
 */
export function __factory__(given: __Factory__Options = {}): Learner {
  const { innerLearningRate, tasks } = parseOptions(options, given);
  /** Parameters after a step: `from - innerLearningRate * direction` */
  const step = (from: Params, direction: Params) =>
    mapParams((a, b) => tf.sub(a, tf.mul(b, innerLearningRate)), from, direction);

  return {
    name,
    episodes: { tasks, support: 1, query: 1, querySource: "same-task", unit: "task" },

    adapt: (objective, params, support) =>
      tidy(() =>
        support.reduce((at, batch) => step(at, objective.gradient(at, batch).gradients), params),
      ),

    metaGradient(objective, params, episodes, state) {
      const mean = meanGradient(episodes, ({ support, query }) => {
        const [batch] = support as [Episode["query"]]; // the one that it asks for
        const { gradients, hvp } = objective.linearize(params, batch);
        const atQuery = objective.gradient(step(params, gradients), query);
        // The chain rule through the step: (I - innerLearningRate * H) g, with the Hessian H of the
        // support loss and the gradient g of the query loss.
        return { loss: atQuery.loss, gradients: step(atQuery.gradients, hvp(atQuery.gradients)) };
      });
      return { ...mean, state };
    },
  };
}

export default definePlugin({
  name: "__package__",
  learners: { [name]: defineFactory(options, __factory__) },
});
