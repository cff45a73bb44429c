import { type LossAndGradients, mapParams } from "@metalearn/core";
import * as tf from "@tensorflow/tfjs";
import { z } from "zod";
import { count } from "./episodes.js";

/**
 * Options of the multi-step loss, a weighted sum of the query losses after every inner step.
 *
 * Source: Antoniou et al. 2019 (MAML++), equation 4.
 */
export const multiStepLoss = z
  .strictObject({
    annealUpdates: count
      .optional()
      .describe(
        "Meta-updates over which the weight moves to the last step. Default: the weights stay equal.",
      ),
  })
  .describe(
    "Counts the query loss after every inner step (`{}`: equally). Default: only after the last one.",
  );

/** Options of the multi-step loss. */
export type MultiStepLoss = z.input<typeof multiStepLoss>;

/**
 * Weights of the query losses after each inner step, which add up to 1; undefined once only the last one
 * counts.
 *
 * @param update number of meta-updates made so far
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

/** Multiplies a loss and its gradient by a weight. */
export function weighted(
  { loss, gradients }: LossAndGradients,
  weight: tf.Scalar,
): LossAndGradients {
  return {
    loss: tf.mul(loss, weight),
    gradients: mapParams((g) => tf.mul(g, weight), gradients),
  };
}
