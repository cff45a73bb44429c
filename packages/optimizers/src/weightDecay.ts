import { tensorNamed } from "@metalearn/core";
import * as tf from "@tensorflow/tfjs";
import { type GradientTransform, stateless } from "./transform.js";

/** How much, and which tensors, to pull towards zero. */
export interface WeightDecayOptions {
  /** @default 0 */
  readonly weightDecay?: number;
  /**
   * Tensors whose name contains one of these texts are not decayed. MetaICL's published code uses
   * `["bias", "LayerNorm.weight"]`, the second of which matches no GPT-2 name.
   *
   * @default []
   */
  readonly noDecay?: readonly string[];
}

/**
 * Adds `weightDecay * p` to the update. Before a moment transform this is L2 regularisation, after
 * it is decoupled decay.
 */
export function addDecayedWeights({
  weightDecay = 0,
  noDecay = [],
}: WeightDecayOptions): GradientTransform {
  const decays = (name: string) => !noDecay.some((part) => name.includes(part));
  return {
    ...stateless,
    name: "weight decay",
    coefficients: () => ({ weightDecay }),
    kindOf: (name) => (decays(name) ? "decayed" : ""),
    apply: ({ updates, params }, { weightDecay }) => ({
      updates: Object.fromEntries(
        Object.entries(updates).map(([name, u]) => [
          name,
          decays(name) ? tf.add(u, tf.mul(tensorNamed(params, name), weightDecay as tf.Scalar)) : u,
        ]),
      ),
      slots: {},
    }),
    adjoint: (_, { weightDecay }, { updates }) => ({
      updates,
      slots: {},
      params: Object.fromEntries(
        Object.entries(updates).map(([name, bar]) => [
          name,
          decays(name) ? tf.mul(bar, weightDecay as tf.Scalar) : tf.zerosLike(bar),
        ]),
      ),
    }),
  };
}
