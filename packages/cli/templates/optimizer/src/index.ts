import {
  defineFactory,
  defineOptimizer,
  definePlugin,
  type MetaOptimizer,
  mapParams,
  type Params,
  parseOptions,
  zerosLikeParams,
} from "@metalearn/core";
import * as tf from "@tensorflow/tfjs";
import { z } from "zod";

/** Name in a config; no other plugin that the config lists may have an optimizer of this name. */
const name = "__component__";

const options = z.strictObject({
  learningRate: z.number().positive().describe("Step size."),
  momentum: z
    .number()
    .min(0)
    .lt(1)
    .default(0.9)
    .describe("Share of the velocity that an update keeps."),
});

/** Options of {@link __factory__}. */
export type __Factory__Options = z.input<typeof options>;

/**
 * Gradient descent with a velocity: `v' = momentum v + g` and `p' = p - learningRate v'`.
 *
 * Source: Polyak 1964, "Some methods of speeding up the convergence of iteration methods".
 *
 * @throws MetaError `BAD_OPTION`
 */
export function __factory__(given: __Factory__Options): MetaOptimizer {
  const { learningRate, momentum } = parseOptions(options, given);
  /** Multiplies tensors by a coefficient of the update. */
  const scaled = (tensors: Params, by: tf.Scalar | undefined) =>
    mapParams((tensor) => tf.mul(tensor, by as tf.Scalar), tensors);
  const sum = (a: Params, b: Params) => mapParams((x, y) => tf.add(x, y), a, b);

  return defineOptimizer({
    name,
    slotNames: ["velocity"],
    init: (params) => ({ step: 0, update: 0, slots: { velocity: zerosLikeParams(params) } }),
    learningRate: () => learningRate,

    // Numbers that may change from update to update are passed to the functions below as tensors.
    coefficients: () => ({ descent: -learningRate, momentum }),

    apply({ gradients, slots, params }, { descent, momentum }) {
      const velocity = sum(scaled(slots.velocity as Params, momentum), gradients);
      return { params: sum(params, scaled(velocity, descent)), slots: { velocity } };
    },

    // Maps cotangents of p' and v' to cotangents of g, p and v, so that a meta-gradient can go back through
    // inner steps. The conformance suite compares it with finite differences.
    adjoint(_, { descent, momentum }, { params, slots }) {
      const throughParams = scaled(params, descent);
      const velocity = slots.velocity ? sum(throughParams, slots.velocity) : throughParams;
      return { params, gradients: velocity, slots: { velocity: scaled(velocity, momentum) } };
    },
  });
}

export default definePlugin({
  name: "__package__",
  optimizers: { [name]: defineFactory(options, __factory__) },
});
