import { type LossAndGradients, mapParams } from "@metalearn/core";
import * as tf from "@tensorflow/tfjs";

/**
 * Multi-step loss: the query loss after every inner step counts.
 *
 * Source: Antoniou et al. 2019 (MAML++), equation 4.
 */
export interface MultiStepLoss {
  /**
   * Meta-updates over which the weights go, linearly, from equal ones to that of the last step
   * alone. Without it they stay equal.
   */
  readonly annealUpdates?: number | undefined;
}

/**
 * The weights of the query losses after each inner step, which add up to 1; none once only the last
 * counts.
 *
 * @param update meta-updates made so far
 */
export function stepWeights(
  steps: number,
  update: number,
  { annealUpdates = Number.POSITIVE_INFINITY }: MultiStepLoss,
): number[] {
  const early = Math.max(0, 1 - update / annealUpdates) / steps;
  if (early === 0 || steps <= 1) return [];
  return Array.from({ length: steps }, (_, j) => (j < steps - 1 ? early : 1 - j * early));
}

/** A loss and its gradient, scaled. */
export function weighted(
  { loss, gradients }: LossAndGradients,
  weight: tf.Scalar,
): LossAndGradients {
  return {
    loss: tf.mul(loss, weight),
    gradients: mapParams((g) => tf.mul(g, weight), gradients),
  };
}
