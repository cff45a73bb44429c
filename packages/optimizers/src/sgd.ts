import { mapParams, type Params, parseOptions, zerosLikeParams } from "@metalearn/core";
import * as tf from "@tensorflow/tfjs";
import { z } from "zod";
import { chain, type Optimizer } from "./chain.js";
import { refuseTwoSchedules } from "./learningRate.js";
import { clipping, decay, optimizerOptions, scaling } from "./optimizerOptions.js";
import type { GradientTransform } from "./transform.js";

/** @public read by the build, which documents options in declarations */
export const momentumOptions = z.strictObject({
  momentum: z.number().min(0).lt(1).describe("Share of the last step's direction that is kept."),
  dampening: z
    .number()
    .min(0)
    .max(1)
    .default(0)
    .describe("Share of the gradient, except of the first one, that does not enter the momentum."),
  nesterov: z
    .boolean()
    .default(false)
    .describe("Uses Nesterov momentum; needs a momentum above 0."),
});

/** Options of {@link accumulateMomentum}. */
export type MomentumOptions = z.input<typeof momentumOptions>;

export const sgdOptions = z
  .strictObject({
    ...optimizerOptions.shape,
    ...momentumOptions.shape,
    momentum: momentumOptions.shape.momentum.default(0),
  })
  .superRefine(refuseTwoSchedules)
  .refine(
    ({ nesterov, momentum }) => !nesterov || momentum > 0,
    "nesterov: expected a momentum above 0, got 0",
  )
  .describe("Stochastic gradient descent with optional momentum; decay is L2.");

/** Options of {@link sgd}. */
export type SgdOptions = z.input<typeof sgdOptions>;

/**
 * Velocity `b = momentum b + (1 - dampening) g`, where the first gradient enters without dampening, as in
 * `torch.optim.SGD`.
 *
 * Source: Sutskever et al. 2013, section 2. Slot: `velocity`.
 *
 * @throws MetaError `BAD_OPTION`
 */
export function accumulateMomentum(options: MomentumOptions): GradientTransform {
  const { momentum, dampening, nesterov } = parseOptions(momentumOptions, options);
  return {
    name: nesterov ? "nesterov" : "momentum",
    slotNames: ["velocity"],
    init: (params) => ({ velocity: zerosLikeParams(params) }),
    coefficients: ({ step }) => ({ momentum, intake: step === 1 ? 1 : 1 - dampening }),

    apply({ updates, slots }, { momentum, intake }) {
      const velocity = mapParams(
        (b, g) => tf.add(tf.mul(b, momentum as tf.Scalar), tf.mul(g, intake as tf.Scalar)),
        slots.velocity as Params,
        updates,
      );
      const ahead = () =>
        mapParams((g, b) => tf.add(g, tf.mul(b, momentum as tf.Scalar)), updates, velocity);
      return { updates: nesterov ? ahead() : velocity, slots: { velocity } };
    },

    adjoint(_, { momentum, intake }, cotangent) {
      const later = cotangent.slots.velocity;
      const through = nesterov
        ? mapParams((bar) => tf.mul(bar, momentum as tf.Scalar), cotangent.updates)
        : cotangent.updates;
      const velocity = later ? mapParams((a, b) => tf.add(a, b), through, later) : through;
      const gradients = mapParams((bar) => tf.mul(bar, intake as tf.Scalar), velocity);
      return {
        updates: nesterov
          ? mapParams((a, b) => tf.add(a, b), gradients, cotangent.updates)
          : gradients,
        slots: { velocity: mapParams((bar) => tf.mul(bar, momentum as tf.Scalar), velocity) },
      };
    },
  };
}

/**
 * Stochastic gradient descent with optional momentum; weight decay is added to the gradient, as in
 * `torch.optim.SGD`.
 *
 * @throws MetaError `BAD_OPTION`
 */
export function sgd(options: SgdOptions): Optimizer {
  const parsed = parseOptions(sgdOptions, options);
  const { momentum, dampening, nesterov } = parsed;
  return chain(
    ...clipping(parsed),
    ...decay(parsed),
    ...(momentum > 0 ? [accumulateMomentum({ momentum, dampening, nesterov })] : []),
    scaling(parsed),
  );
}
