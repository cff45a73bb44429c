import { z } from "zod";

/**
 * Options of computing derivatives. They change time and memory, not results. A config has them under
 * `train`.
 */
export const computeOptions = z.object({
  /**
   * Maximum number of examples computed at once. Results equal those of the whole batch; memory, without
   * parameters and gradients, is that of `microBatch` examples.
   *
   * @default all
   */
  microBatch: z
    .int()
    .min(1)
    .optional()
    .describe(
      "Maximum number of examples of a batch computed at once, with the same results. Default: all.",
    ),
  /**
   * Computes gradients and Hessian-vector products segment by segment: memory, without parameters and
   * gradients, is that of one segment, such as a transformer block, and each segment is computed a second
   * time on the backward pass.
   *
   * @default false
   */
  gradientCheckpointing: z
    .boolean()
    .default(false)
    .describe(
      "Computes gradients block by block, in less memory and a little more time. Needs a model with segments, such as GPT-2 without an adapter.",
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
      "Method of Hessian-vector products: `exact` differentiates twice, `finite-difference` takes the difference of two gradients, for less memory.",
    ),
});

/** Options that training and adaptation share: the trained parameters, and how derivatives are computed. */
export interface ComputeOptions extends Readonly<z.input<typeof computeOptions>> {
  /**
   * Patterns of the trained parameters' names: `*` matches any text, `!` excludes (`["*.lora_*"]`,
   * `["*", "!wte.*"]`). The others are frozen: learner and optimizer never receive them, and they remain
   * the very tensors that were given.
   *
   * @default all
   */
  readonly trainable?: readonly string[] | undefined;
}
