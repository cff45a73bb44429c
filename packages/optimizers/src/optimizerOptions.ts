import { z } from "zod";
import { clipByGlobalNorm } from "./clip.js";
import { learningRateOf, rateOptions, scaleByLearningRate } from "./learningRate.js";
import type { GradientTransform } from "./transform.js";
import { addDecayedWeights, weightDecayOptions } from "./weightDecay.js";

const groupOptions = z.strictObject({
  pattern: z.string().min(1).describe("Names of the parameters; `*` matches any text."),
  learningRate: rateOptions.shape.learningRate
    .optional()
    .describe("Step size, under the schedule of all. Default: that of the optimizer."),
  weightDecay: z
    .number()
    .min(0)
    .optional()
    .describe("Weight decay, except for what `noDecay` names. Default: that of the optimizer."),
});

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
  groups: z
    .array(groupOptions)
    .readonly()
    .optional() // without a default, so that runs recorded before it resume
    .describe(
      "Parameters with a `learningRate` or `weightDecay` of their own, each group by the `pattern` of their names, in which `*` matches any text; of several that match, the first counts. Default: none.",
    ),
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
  groups = [],
}: OptimizerOptions): GradientTransform[] {
  const decays = [weightDecay, ...groups.map((group) => group.weightDecay ?? 0)];
  if (decays.every((value) => value === 0)) return [];
  return [addDecayedWeights({ weightDecay, noDecay }, groups)];
}

/** Transform that scales by the learning rates. */
export function scaling(options: OptimizerOptions): GradientTransform {
  const groups = (options.groups ?? []).map(({ pattern, learningRate = options.learningRate }) => ({
    pattern,
    learningRate: learningRateOf({ ...options, learningRate }),
  }));
  return scaleByLearningRate(learningRateOf(options), groups);
}
