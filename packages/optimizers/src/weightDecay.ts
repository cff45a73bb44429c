import { parseOptions, tensorNamed } from "@metalearn/core";
import * as tf from "@tensorflow/tfjs";
import { z } from "zod";
import { groupedCoefficients, type ParameterGroup, requireMembers } from "./parameterGroups.js";
import { type GradientTransform, stateless } from "./transform.js";

export const weightDecayOptions = z.strictObject({
  weightDecay: z
    .number()
    .min(0)
    .default(0)
    .describe(
      "Weight decay: `adamw` multiplies each parameter by 1 - learningRate * weightDecay at each update; other optimizers add weightDecay times the parameter to the gradient.",
    ),
  noDecay: z
    .array(z.string())
    .readonly()
    .default([])
    .describe("Tensors whose name contains one of these texts are not decayed."),
});

/** Strength of the decay, and the tensors that decay. */
export type WeightDecayOptions = z.input<typeof weightDecayOptions>;

/**
 * Adds `weightDecay * p` to the update. Before a moment transform this is L2 regularisation, after it
 * decoupled decay. MetaICL's published code exempts `["bias", "LayerNorm.weight"]`; the second matches no
 * GPT-2 name.
 *
 * @param groups parameters with a decay of their own
 * @throws MetaError `BAD_OPTION`
 */
export function addDecayedWeights(
  options: WeightDecayOptions,
  groups: readonly ParameterGroup<{ readonly weightDecay: number | undefined }>[] = [],
): GradientTransform {
  const { weightDecay, noDecay } = parseOptions(weightDecayOptions, options);
  const decays = (name: string) => !noDecay.some((part) => name.includes(part));
  const decay = groupedCoefficients("weightDecay", groups);
  const values = decay.values(
    weightDecay,
    groups.map((group) => group.weightDecay),
  );
  return {
    ...stateless,
    name: "weight decay",
    coefficients: () => values,
    kindOf: (name) => (decays(name) ? decay.of(name) : ""),
    checkNames: (names) => requireMembers(groups, names),
    apply: ({ updates, params }, c) => ({
      updates: Object.fromEntries(
        Object.entries(updates).map(([name, u]) => [
          name,
          decays(name)
            ? tf.add(u, tf.mul(tensorNamed(params, name), c[decay.of(name)] as tf.Scalar))
            : u,
        ]),
      ),
      slots: {},
    }),
    adjoint: (_, c, { updates }) => ({
      updates,
      slots: {},
      params: Object.fromEntries(
        Object.entries(updates).map(([name, bar]) => [
          name,
          decays(name) ? tf.mul(bar, c[decay.of(name)] as tf.Scalar) : tf.zerosLike(bar),
        ]),
      ),
    }),
  };
}
