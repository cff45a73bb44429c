import { type Learner, parseOptions } from "@metalearn/core";
import { z } from "zod";
import { innerSteps } from "./innerLoopOptions.js";
import { learnedRates } from "./learnedRates.js";
import { mamlOptions, mamlWith } from "./maml.js";

export const metaSgdOptions = mamlOptions
  .omit({ innerOptimizer: true, moments: true })
  .extend({
    innerSteps: innerSteps.default(1),
    initialRate: z.number().default(0.01).describe("Initial value of the learned learning rates."),
    rates: z
      .enum(["element", "tensor"])
      .default("element")
      .describe("Learning rates: one for every element of a tensor, or one for every tensor."),
    perStep: z.boolean().default(false).describe("Gives every inner step rates of its own."),
  })
  .describe("MAML with a learned inner learning rate for every element or tensor.");

/** Options of {@link metaSgd}. */
export type MetaSgdOptions = z.input<typeof metaSgdOptions>;

/**
 * Meta-SGD: MAML that learns the initial parameters and, in addition, the rate and direction of its inner
 * steps, `phi = theta - alpha * gradient` with one `alpha` for every element of `theta`.
 *
 * The rates are `learner.rate.{parameter}` among the parameters, where the meta-optimizer updates
 * them like any other; they may become negative. Order 1 treats support gradients as constants.
 *
 * Source: Li et al. 2017, equation 1 and algorithm 1.
 *
 * @throws MetaError `BAD_OPTION`
 */
export function metaSgd(options: MetaSgdOptions): Learner {
  const { rates, perStep, initialRate, ...others } = parseOptions(metaSgdOptions, options);
  const { innerSteps } = others;
  const learned = learnedRates({ rates, perStep, innerSteps, initialRate });
  const { optimizer: innerOptimizer } = learned;
  const learner = mamlWith({ ...others, innerOptimizer, moments: "reset" }, learned);
  return { ...learner, name: "meta-sgd" };
}
