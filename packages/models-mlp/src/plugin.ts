import { defineFactory, definePlugin } from "@metalearn/core";
import { z } from "zod";
import { mlp } from "./mlp.js";

const mlpOptions = z.strictObject({
  sizes: z
    .array(z.int().min(1))
    .min(2)
    .describe("Widths from the inputs over the hidden layers to the outputs."),
  loss: z
    .enum(["mse", "cross-entropy"])
    .describe("Mean squared error of numbers, or cross-entropy of classes."),
  activation: z.enum(["relu", "tanh"]).default("relu").describe("What is applied between layers."),
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
