import { isOptionBatch, type Learner, MetaError, parseOptions } from "@metalearn/core";
import { z } from "zod";
import { metaicl } from "./metaicl.js";

export const metaictOptions = z
  .strictObject({
    batches: z
      .int()
      .min(1)
      .default(1)
      .describe("Batches, each of one task, whose gradients are averaged for one update."),
  })
  .describe("In-context tuning: only the options of an example compete.");

/** Options of {@link metaict}. */
export type MetaictOptions = z.input<typeof metaictOptions>;

/**
 * Meta-training by in-context tuning: the model chooses among the options of an example after
 * demonstrations of the same task, and only the options compete. The loss is the cross-entropy of
 * the softmax over the options' likelihoods, where MetaICL's is over the whole vocabulary. There is
 * no inner loop. Instructions are the sampler's (`template`).
 *
 * Source: Chen et al. 2022, "Meta-learning via Language Model In-context Tuning", section 2.
 *
 * @throws MetaError `BAD_OPTION`; `BAD_DATA` from `metaGradient` for batches without options
 */
export function metaict(options: MetaictOptions = {}): Learner {
  const { batches } = parseOptions(metaictOptions, options);
  const { episodes, ...learner } = metaicl({ batches, taskUnit: "task" });
  return {
    ...learner,
    name: "metaict",
    episodes: { ...episodes, answers: "options" },
    metaGradient(objective, params, given, state) {
      if (given.some(({ query }) => !isOptionBatch(query))) {
        throw new MetaError(
          "BAD_DATA",
          "Expected tasks with options for in-context tuning, got batches without any. Use a task source that has them, such as crossfit.",
        );
      }
      return learner.metaGradient(objective, params, given, state);
    },
  };
}
