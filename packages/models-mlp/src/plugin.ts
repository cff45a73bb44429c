import { defineFactory, definePlugin } from "@metalearn/core";
import { z } from "zod";
import { mlp } from "./mlp.js";

const mlpOptions = z.strictObject({
  /** Widths from the inputs over the hidden layers to the outputs. */
  sizes: z.array(z.int().min(1)).min(2),
  /** Mean squared error of numbers, or cross-entropy of classes. */
  loss: z.enum(["mse", "cross-entropy"]),
  /** Between layers. */
  activation: z.enum(["relu", "tanh"]).default("relu"),
});

export default definePlugin({
  name: "@metalearn/models-mlp",
  models: {
    mlp: defineFactory(
      mlpOptions.describe("A multilayer perceptron for regression and classification."),
      mlp,
    ),
  },
});
