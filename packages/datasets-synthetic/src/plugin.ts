import { defineFactory, definePlugin } from "@metalearn/core";
import { z } from "zod";
import { clusters } from "./clusters.js";
import { sinusoid } from "./sinusoid.js";

const count = z.int().min(1);

const sinusoidOptions = z.strictObject({
  /** K: points of a held-out curve that the model adapts to, and as many queries. */
  shots: count.default(10),
  /** Held-out curves per evaluation seed. */
  targetEpisodes: count.default(100),
});

const clustersOptions = z.strictObject({
  /** N: classes of a task. */
  ways: count.default(5),
  /** K: examples per class that the model adapts to on a held-out task, and as many queries. */
  shots: count.default(1),
  /** Numbers in an input. */
  dimensions: count.default(2),
  /** Standard deviation of the examples of a class; centres have 1. */
  spread: z.number().min(0).default(0.1),
  /** Held-out tasks per evaluation seed. */
  targetEpisodes: count.default(100),
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
