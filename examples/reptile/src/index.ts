import {
  defineFactory,
  definePlugin,
  type Learner,
  mapParams,
  meanGradient,
  parseOptions,
  referenceTo,
} from "@metalearn/core";
import * as tf from "@tensorflow/tfjs";
import { z } from "zod";

const options = z.strictObject({
  innerOptimizer: referenceTo("optimizer").describe("Takes the inner steps."),
  innerSteps: z
    .int()
    .min(1)
    .default(5)
    .describe("Inner steps per task, each on a batch of its own."),
  tasks: z.int().min(1).default(1).describe("Tasks per meta-update."),
});

/** Options of {@link reptile}. */
export type ReptileOptions = z.input<typeof options>;

/**
 * Moves the parameters towards where gradient steps on each task lead.
 *
 * Source: Nichol et al. 2018, "On First-Order Meta-Learning Algorithms", algorithm 1.
 *
 * @throws MetaError `BAD_OPTION`
 */
export function reptile(given: ReptileOptions): Learner {
  const { innerOptimizer, innerSteps, tasks } = parseOptions(options, given);
  const adapt: Learner["adapt"] = (objective, params, support) => {
    let state = innerOptimizer.init(params);
    for (const batch of support) {
      const { gradients } = objective.gradient(params, batch);
      ({ params, state } = innerOptimizer.update(gradients, state, params));
    }
    return params;
  };
  return {
    name: "reptile",
    episodes: { tasks, support: innerSteps, query: 1, querySource: "same-task", unit: "task" },
    adapt,
    metaGradient(objective, params, episodes, state) {
      const mean = meanGradient(episodes, ({ support, query }) => {
        const adapted = adapt(objective, params, support, state);
        return {
          loss: objective.loss(adapted, query),
          // Descending along this is the step of algorithm 1.
          gradients: mapParams((before, after) => tf.sub(before, after), params, adapted),
        };
      });
      return { ...mean, state };
    },
  };
}

export default definePlugin({
  name: "metalearn-reptile",
  learners: {
    // A config knows it by this name, which no other listed plugin may use for a learner.
    "my-reptile": defineFactory(options, reptile),
  },
});
