import {
  defineFactory,
  definePlugin,
  type Learner,
  type MetaOptimizer,
  mapParams,
  meanGradient,
  referenceTo,
} from "@metalearn/core";
import * as tf from "@tensorflow/tfjs";
import { z } from "zod";

/** Options of {@link reptile}. */
export interface ReptileOptions {
  /** Takes the inner steps. */
  readonly innerOptimizer: MetaOptimizer;
  /** Inner steps per task, each on a batch of its own. @default 5 */
  readonly innerSteps?: number;
  /** Tasks per meta-update. @default 1 */
  readonly tasks?: number;
}

/**
 * Moves the parameters towards where gradient steps on each task lead.
 *
 * Source: Nichol et al. 2018, "On First-Order Meta-Learning Algorithms", algorithm 1.
 */
export function reptile({ innerOptimizer, innerSteps = 5, tasks = 1 }: ReptileOptions): Learner {
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

const options = z.strictObject({
  innerOptimizer: referenceTo("optimizer"),
  innerSteps: z.int().min(1).default(5),
  tasks: z.int().min(1).default(1),
});

export default definePlugin({
  name: "metalearn-reptile",
  learners: {
    // A config knows it by this name, which no other listed plugin may use for a learner.
    "my-reptile": defineFactory(options, async (chosen, { create }) =>
      reptile({ ...chosen, innerOptimizer: await create("optimizer", chosen.innerOptimizer) }),
    ),
  },
});
