import { z } from "zod";
import { clipByGlobalNorm } from "./clip.js";
import { rateOptions } from "./learningRate.js";
import type { GradientTransform } from "./transform.js";
import { addDecayedWeights, weightDecayOptions } from "./weightDecay.js";

/** Options that all optimizers have. */
export const optimizerOptions = z.strictObject({
  ...rateOptions.shape,
  clipNorm: z
    .number()
    .positive()
    .optional()
    .describe(
      "Scales the gradient so that its norm over all tensors is at most this. Default: no clipping.",
    ),
  ...weightDecayOptions.shape,
});

type OptimizerOptions = z.output<typeof optimizerOptions>;

/** Clipping transform, if any. */
export function clipping({ clipNorm }: Pick<OptimizerOptions, "clipNorm">): GradientTransform[] {
  return clipNorm === undefined ? [] : [clipByGlobalNorm(clipNorm)];
}

/** Weight decay transform, if any. */
export function decay({
  weightDecay,
  noDecay,
}: Pick<OptimizerOptions, "weightDecay" | "noDecay">): GradientTransform[] {
  return weightDecay === 0 ? [] : [addDecayedWeights({ weightDecay, noDecay })];
}
