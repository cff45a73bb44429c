import { defineFactory, definePlugin } from "@metalearn/core";
import { z } from "zod";
import { clusters } from "./clusters.js";
import { sinusoid } from "./sinusoid.js";

const count = z.int().min(1);

const sinusoidOptions = z.strictObject({
  shots: count
    .default(10)
    .describe("K: points of a held-out curve that the model adapts to, and as many queries."),
  targetEpisodes: count.default(100).describe("Held-out curves per evaluation seed."),
});

const clustersOptions = z.strictObject({
  ways: count.default(5).describe("N: classes of a task."),
  shots: count
    .default(1)
    .describe(
      "K: examples per class that the model adapts to on a held-out task, and as many queries.",
    ),
  dimensions: count.default(2).describe("Numbers in an input."),
  spread: z
    .number()
    .min(0)
    .default(0.1)
    .describe("Standard deviation of the examples of a class; centres have 1."),
  targetEpisodes: count.default(100).describe("Held-out tasks per evaluation seed."),
});

export default definePlugin({
  name: "@metalearn/datasets-synthetic",
  tasks: {
    sinusoid: defineFactory(
      sinusoidOptions.describe("Sine curves of random amplitude and phase, to be regressed."),
      sinusoid,
    ),
    clusters: defineFactory(
      clustersOptions.describe("Clusters of points to be told apart: N-way K-shot classification."),
      clusters,
    ),
  },
});
