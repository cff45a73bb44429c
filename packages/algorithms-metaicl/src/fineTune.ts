import { maml } from "@metalearn/algorithms-maml";
import type { Learner, MetaOptimizer } from "@metalearn/core";
import { type MetaiclOptions, metaicl } from "./metaicl.js";

/** Options of {@link fineTune}. */
export interface FineTuneOptions extends MetaiclOptions {
  /** Takes the steps on a target's examples; its moments start at zero on every target. */
  readonly innerOptimizer: MetaOptimizer;
  /** Steps on a target's examples, one batch each, going round them. @default 100 */
  readonly innerSteps?: number;
  /** Which parameters these steps adapt: names, where `*` stands for any text. @default all */
  readonly adapt?: readonly string[];
}

/**
 * Fine-tuning on the k examples of a target: the baseline that adapts by gradient steps and was not
 * trained to do so. It meta-trains as {@link metaicl} does. Without any training it is "fine-tune",
 * after training "fine-tune with meta-training".
 *
 * Source: Min et al. 2022, table 5 (fine-tune, fine-tune with meta-train).
 *
 * @throws MetaError `BAD_OPTION` when a count is below 1
 */
export function fineTune({
  innerOptimizer,
  innerSteps = 100,
  adapt = ["*"],
  ...training
}: FineTuneOptions): Learner {
  const steps = maml({ innerOptimizer, innerSteps, adapt, moments: "reset" });
  return { ...metaicl(training), name: "fine-tune", adapt: steps.adapt };
}
