import { z } from "zod";

/**
 * How the derivatives of a loss are computed: with the same results, at other costs in time and
 * memory. A config has these keys under `train`.
 */
export const computeOptions = z.object({
  /**
   * The most examples of a batch that are computed at once. The results are those of the whole batch,
   * and memory, besides parameters and gradients, is what so many examples need.
   *
   * @default all
   */
  microBatch: z
    .int()
    .min(1)
    .optional()
    .describe(
      "The most examples of a batch that are computed at once, with the same results. Default: all.",
    ),
  /**
   * Computes gradients and Hessian-vector products segment by segment: memory, besides parameters and
   * gradients, is then that of one of the model's segments, such as a layer, and each is computed once
   * more on the way back.
   *
   * @default false
   */
  gradientCheckpointing: z
    .boolean()
    .default(false)
    .describe(
      "Whether gradients are computed layer by layer, in less memory and a little more time. Needs a model in segments, such as GPT-2 without an adapter.",
    ),
  /**
   * `exact` differentiates the gradient once more; `finite-difference` takes two ordinary
   * gradients, for engines or memory that cannot do double backward.
   *
   * @default "exact"
   */
  hvp: z
    .enum(["exact", "finite-difference"])
    .default("exact")
    .describe(
      "How Hessian-vector products are taken: `exact` differentiates twice, `finite-difference` takes two gradients, for less memory.",
    ),
});

/** Options that training and adapting have in common: which parameters are trained, and how. */
export interface ComputeOptions extends Readonly<z.input<typeof computeOptions>> {
  /**
   * Which parameters are trained: names, where `*` stands for any text and a `!` leaves out
   * (`["*.lora_*"]`, `["*", "!wte.*"]`). The others are frozen: learner and optimizer do not see
   * them, and they stay the very tensors that were given.
   *
   * @default all
   */
  readonly trainable?: readonly string[] | undefined;
}
