import type { Model, Params } from "@metalearn/core";
import * as tf from "@tensorflow/tfjs";
import { type InlineTensor, toTensors } from "./golden.js";

/** Points of a curve: `x` and `y`, both `[points, 1]`. */
export type Points = Readonly<Record<"x" | "y", tf.Tensor>>;

/** The regression network of Finn et al. 2017, section 5.1, with one hidden layer, as the golden files have it. */
export function mlp(
  activation: "relu" | "tanh",
  initial: Record<string, InlineTensor>,
): Model<Points> {
  const act = activation === "relu" ? tf.relu : tf.tanh;
  return {
    name: `mlp-${activation}`,
    init: async () => toTensors(initial),
    loss: (params: Params, { x, y }) =>
      tf.tidy(() => {
        const { W1, b1, W2, b2 } = params as Record<string, tf.Tensor2D>;
        const hidden = act(tf.add(tf.matMul(x as tf.Tensor2D, W1 as tf.Tensor2D), b1 as tf.Tensor));
        const output = tf.add(tf.matMul(hidden, W2 as tf.Tensor2D), b2 as tf.Tensor);
        return tf.mean(tf.square(tf.sub(output, y))) as tf.Scalar;
      }),
  };
}
