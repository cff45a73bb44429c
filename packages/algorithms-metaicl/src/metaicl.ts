import { type Learner, meanGradient, parseOptions } from "@metalearn/core";
import { z } from "zod";

export const metaiclOptions = z
  .strictObject({
    batches: z
      .int()
      .min(1)
      .default(1)
      .describe("Batches whose gradients are averaged for one update."),
    taskUnit: z
      .enum(["task", "mixture"])
      .default("mixture")
      .describe("Source of a batch's examples: one data set, or the mixture of all."),
  })
  .describe("Meta-training in context: the loss of the answer after demonstrations.");

/** Options of {@link metaicl}. */
export type MetaiclOptions = z.input<typeof metaiclOptions>;

/**
 * Meta-training for in-context learning: the language-model loss of an answer after demonstrations of the
 * same task. There is no inner loop: adapting means reading the demonstrations, which the sampler has put
 * into every sequence. The sampler's `method` decides if the answer follows the input (direct) or the input
 * the answer (channel).
 *
 * Source: Min et al. 2022, section 3.1 and 3.3.
 *
 * @throws MetaError `BAD_OPTION`
 */
export function metaicl(options: MetaiclOptions = {}): Learner {
  const { batches, taskUnit } = parseOptions(metaiclOptions, options);
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
