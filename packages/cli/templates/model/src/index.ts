import {
  defineFactory,
  definePlugin,
  type Params,
  type Predictor,
  parseOptions,
  randomFor,
  tensorNamed,
  tidy,
} from "@metalearn/core";
import * as tf from "@tensorflow/tfjs";
import { z } from "zod";

/** Name in a config; no other plugin that the config lists may have a model of this name. */
const name = "__component__";

const options = z.strictObject({
  inputs: z.int().min(1).default(1).describe("Numbers in an input."),
  hidden: z.int().min(1).default(40).describe("Sines."),
  outputs: z.int().min(1).default(1).describe("Numbers that are predicted."),
});

/** Options of {@link __factory__}. */
export type __Factory__Options = z.input<typeof options>;

/**
 * Weighted sines of weighted inputs, with the mean squared error as the loss. Parameters are
 * `hidden.weight` `[inputs, hidden]`, `hidden.bias` `[hidden]` and `output.weight` `[hidden, outputs]`.
 *
 * Source: Sitzmann et al. 2020, "Implicit Neural Representations with Periodic Activation Functions".
 *
 * @throws MetaError `BAD_OPTION`
 */
export function __factory__(given: __Factory__Options = {}): Predictor {
  const sizes = parseOptions(options, given);

  const outputs = (params: Params, x: tf.Tensor) =>
    tidy(() => {
      const weighted = tf.matMul(x, tensorNamed(params, "hidden.weight")); // [examples, hidden]
      const hidden = tf.sin(tf.add(weighted, tensorNamed(params, "hidden.bias")));
      return tf.matMul(hidden, tensorNamed(params, "output.weight")) as tf.Tensor2D;
    });

  return {
    name,

    async init(seed) {
      // Each tensor has a random stream of its own, so that its numbers do not depend on the others.
      const draw = (tensor: string, shape: number[], scale: number) => {
        const random = randomFor(seed, "__component__", tensor);
        const values = Array.from(
          { length: tf.util.sizeFromShape(shape) },
          () => scale * random.normal(),
        );
        return tf.tensor(values, shape);
      };
      return {
        "hidden.weight": draw("hidden.weight", [sizes.inputs, sizes.hidden], 1),
        "hidden.bias": draw("hidden.bias", [sizes.hidden], 1),
        "output.weight": draw(
          "output.weight",
          [sizes.hidden, sizes.outputs],
          1 / Math.sqrt(sizes.hidden),
        ),
      };
    },

    outputs,

    loss: (params, { x, y }) =>
      tidy(() => tf.mean(tf.square(tf.sub(outputs(params, x as tf.Tensor), y as tf.Tensor)))),
  };
}

export default definePlugin({
  name: "__package__",
  models: { [name]: defineFactory(options, __factory__) },
});
