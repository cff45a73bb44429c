import { MetaError, mapParams, type Params, zerosLikeParams } from "@metalearn/core";
import * as tf from "@tensorflow/tfjs";
import { chain, type Optimizer } from "./chain.js";
import { type LearningRate, scaleByLearningRate } from "./learningRate.js";
import type { GradientTransform } from "./transform.js";
import { addDecayedWeights, type WeightDecayOptions } from "./weightDecay.js";

/** Options of {@link accumulateMomentum}. */
export interface MomentumOptions {
  readonly momentum: number;
  /** Takes this share off every gradient but the first. @default 0 */
  readonly dampening?: number;
  /** Looks one step ahead: `u = g + momentum b`. @default false */
  readonly nesterov?: boolean;
}

/** Options of {@link sgd}. */
export interface SgdOptions extends Partial<MomentumOptions>, WeightDecayOptions {
  readonly learningRate: LearningRate;
}

/**
 * A velocity `b = momentum b + (1 - dampening) g`, where the first gradient enters undamped, as in
 * `torch.optim.SGD`.
 *
 * Source: Sutskever et al. 2013, section 2. Slot: `velocity`.
 */
export function accumulateMomentum({
  momentum,
  dampening = 0,
  nesterov = false,
}: MomentumOptions): GradientTransform {
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
 * Stochastic gradient descent, with momentum if asked for and the weight decay, if any, added to
 * the gradient, as `torch.optim.SGD`.
 *
 * @throws MetaError `BAD_OPTION` when nesterov comes without momentum
 */
export function sgd({
  learningRate,
  momentum,
  dampening,
  nesterov,
  weightDecay,
  noDecay,
}: SgdOptions): Optimizer {
  if (nesterov && !momentum) {
    throw new MetaError("BAD_OPTION", "nesterov needs a momentum above 0.");
  }
  return chain(
    ...(weightDecay ? [addDecayedWeights({ weightDecay, noDecay })] : []),
    ...(momentum ? [accumulateMomentum({ momentum, dampening, nesterov })] : []),
    scaleByLearningRate(learningRate),
  );
}
