import { defineFactory, definePlugin, referenceTo } from "@metalearn/core";
import { z } from "zod";
import { fineTune } from "./fineTune.js";
import { metaicl } from "./metaicl.js";
import { metaict } from "./metaict.js";

const count = z.int().min(1);

const metaiclOptions = z.strictObject({
  batches: count.default(1).describe("Batches whose gradients are averaged for one update."),
  taskUnit: z
    .enum(["task", "mixture"])
    .default("mixture")
    .describe("Whether one batch's examples come from one data set or from the mixture of all."),
});

const metaictOptions = z.strictObject({
  batches: count
    .default(1)
    .describe("Batches, each of one task, whose gradients are averaged for one update."),
});

const fineTuneOptions = metaiclOptions.extend({
  innerOptimizer: referenceTo(
    "optimizer",
    "The optimizer of the steps on a target, for example `{ use: adamw, learningRate: 1.0e-5 }`.",
  ),
  innerSteps: count.default(100).describe("Steps on a target's examples."),
  adapt: z
    .array(z.string())
    .min(1)
    .default(["*"])
    .describe(
      "Names of the parameters that these steps adapt; `*` stands for any text, a leading `!` leaves names out.",
    ),
});

export default definePlugin({
  name: "@metalearn/algorithms-metaicl",
  learners: {
    metaicl: defineFactory(
      metaiclOptions.describe(
        "Meta-training in context: the loss of the answer after demonstrations.",
      ),
      metaicl,
    ),
    metaict: defineFactory(
      metaictOptions.describe("In-context tuning: only the options of an example compete."),
      metaict,
    ),
    "fine-tune": defineFactory(
      fineTuneOptions.describe(
        "Trains as `metaicl` does, and adapts to a target by steps on its examples.",
      ),
      async (options, context) =>
        fineTune({
          ...options,
          innerOptimizer: await context.create("optimizer", options.innerOptimizer),
        }),
    ),
  },
});
