import { z } from "zod";

/**
 * Options of computing derivatives. They change time and memory, not results. A config has them under
 * `train`.
 */
export const computeOptions = z.object({
  microBatch: z
    .int()
    .min(1)
    .optional()
    .describe(
      "Maximum number of examples of a batch computed at once, with the same results; memory, without parameters and gradients, is that of so many examples. Default: all.",
    ),
  gradientCheckpointing: z
    .boolean()
    .default(false)
    .describe(
      "Computes gradients block by block, in less memory and a little more time. Needs a model with segments, such as GPT-2 without an adapter.",
    ),
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
