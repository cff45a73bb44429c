import type { Learner } from "@metalearn/core";
import { requireCounts } from "./episodes.js";
import { learnedRates } from "./learnedRates.js";
import { type MamlOptions, mamlWith } from "./maml.js";

/** Options of {@link metaSgd}. */
export interface MetaSgdOptions extends Omit<MamlOptions, "innerOptimizer" | "moments"> {
  /** What every rate starts from. @default 0.01 */
  readonly initialRate?: number;
  /** A rate for every element of a tensor, or one for the tensor. @default "element" */
  readonly rates?: "element" | "tensor";
  /** Whether every inner step has rates of its own. @default false */
  readonly perStep?: boolean;
}

/**
 * Meta-SGD: MAML that learns, beside the initial parameters, the rate and direction of its inner
 * steps, `phi = theta - alpha * gradient` with one `alpha` for every element of `theta`.
 *
 * The rates are `learner.rate.{parameter}` among the parameters, where the meta-optimizer updates
 * them like any other; they may become negative. Order 1 takes support gradients for constants.
 *
 * Source: Li et al. 2017, equation 1 and algorithm 1.
 *
 * @throws MetaError `BAD_OPTION` when a count is too small
 */
export function metaSgd({
  initialRate = 0.01,
  rates = "element",
  perStep = false,
  ...options
}: MetaSgdOptions): Learner {
  const { innerSteps = 1 } = options;
  requireCounts({ innerSteps });
  const learned = learnedRates({ rates, perStep, innerSteps, initialRate });
  const learner = mamlWith({ ...options, innerOptimizer: learned.optimizer }, learned);
  return { ...learner, name: "meta-sgd" };
}
