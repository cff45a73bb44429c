import { maml } from "@metalearn/algorithms-maml";
import { type Learner, parseOptions, referenceTo } from "@metalearn/core";
import { z } from "zod";
import { metaicl, metaiclOptions } from "./metaicl.js";

export const fineTuneOptions = metaiclOptions
  .extend({
    innerOptimizer: referenceTo("optimizer").describe(
      "The optimizer of the steps on a target, for example `{ use: adamw, learningRate: 1.0e-5 }`.",
    ),
    innerSteps: z
      .int()
      .min(1)
      .default(100)
      .describe("Steps on a target's examples, one batch each, cycling through them."),
    adapt: z
      .array(z.string())
      .min(1)
      .readonly()
      .default(["*"])
      .describe(
        "Names of the parameters that these steps adapt; `*` stands for any text, a leading `!` leaves names out.",
      ),
  })
  .describe("Trains as `metaicl` does, and adapts to a target by steps on its examples.");

/** Options of {@link fineTune}. */
export type FineTuneOptions = z.input<typeof fineTuneOptions>;

/**
 * Fine-tuning on the k examples of a target: the baseline that adapts by gradient steps without having been
 * meta-trained for them. It meta-trains as {@link metaicl} does. Without training it is the paper's
 * "fine-tune", after training "fine-tune with meta-training". Moments start at zero on every target.
 *
 * Source: Min et al. 2022, table 5 (fine-tune, fine-tune with meta-train).
 *
 * @throws MetaError `BAD_OPTION`
 */
export function fineTune(options: FineTuneOptions): Learner {
  const { innerOptimizer, innerSteps, adapt, ...training } = parseOptions(fineTuneOptions, options);
  const steps = maml({ innerOptimizer, innerSteps, adapt, moments: "reset" });
  return { ...metaicl(training), name: "fine-tune", adapt: steps.adapt };
}
