import {
  crossEntropy,
  type ExampleBatch,
  type Params,
  type Predictor,
  parseOptions,
  randomFor,
  tensorNamed,
} from "@metalearn/core";
import * as tf from "@tensorflow/tfjs";
import { z } from "zod";

export const mlpOptions = z
  .strictObject({
    sizes: z
      .array(z.int().min(1))
      .min(2)
      .readonly()
      .describe("Widths of inputs, hidden layers and outputs: `[1, 40, 40, 1]`."),
    loss: z
      .enum(["mse", "cross-entropy"])
      .describe("Mean squared error of numbers, or cross-entropy of classes."),
    activation: z.enum(["relu", "tanh"]).default("relu").describe("Activation between layers."),
  })
  .describe("A multilayer perceptron for regression and classification.");

/** Options of {@link mlp}. */
export type MlpOptions = z.input<typeof mlpOptions>;

/**
 * A multilayer perceptron: `x W + b` per layer, with an activation between layers.
 *
 * Parameters are `layers.0.weight` `[inputs, outputs]`, `layers.0.bias` `[outputs]`, and so on. Fresh
 * ones are uniform within `1 / sqrt(inputs)` of 0, as those of `torch.nn.Linear`.
 *
 * @throws MetaError `BAD_OPTION`
 */
export function mlp(options: MlpOptions): Predictor {
  const { sizes, loss, activation } = parseOptions(mlpOptions, options);
  const layers = sizes.slice(1).map((outputs, i) => ({
    inputs: Number(sizes[i]),
    outputs,
    weight: `layers.${i}.weight`,
    bias: `layers.${i}.bias`,
  }));

  const activate = activation === "relu" ? tf.relu<tf.Tensor2D> : tf.tanh<tf.Tensor2D>;
  const outputs = (params: Params, x: tf.Tensor) =>
    tf.tidy(() =>
      layers.reduce((input, { weight, bias }, i) => {
        const hidden = i === 0 ? input : activate(input);
        const product = tf.matMul(hidden, tensorNamed(params, weight) as tf.Tensor2D);
        return tf.add(product, tensorNamed(params, bias)) as tf.Tensor2D;
      }, x as tf.Tensor2D),
    );

  return {
    name: "mlp",

    async init(seed) {
      const draw = (name: string, shape: number[], reach: number) => {
        const random = randomFor(seed, "mlp", name);
        const values = Array.from(
          { length: tf.util.sizeFromShape(shape) },
          () => reach * (2 * random.uniform() - 1),
        );
        return [name, tf.tensor(values, shape)];
      };
      return Object.fromEntries(
        layers.flatMap(({ inputs, outputs, weight, bias }) => {
          const reach = 1 / Math.sqrt(inputs);
          return [draw(weight, [inputs, outputs], reach), draw(bias, [outputs], reach)];
        }),
      );
    },

    outputs,

    loss: (params, { x, y }: ExampleBatch) =>
      tf.tidy(() => {
        const predicted = outputs(params, x);
        const each =
          loss === "mse"
            ? tf.square(tf.sub(predicted, y))
            : crossEntropy(predicted, y as tf.Tensor1D);
        return tf.mean(each) as tf.Scalar;
      }),
  };
}
