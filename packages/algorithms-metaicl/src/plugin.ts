import { defineFactory, definePlugin } from "@metalearn/core";
import { z } from "zod";
import { metaicl } from "./metaicl.js";

const metaiclOptions = z.strictObject({
  /** Batches whose gradients are averaged for one update. */
  batches: z.int().min(1).default(1),
  /** Whether one batch's examples come from one data set or from the mixture of all. */
  taskUnit: z.enum(["task", "mixture"]).default("mixture"),
});

export default definePlugin({
  name: "@metalearn/algorithms-metaicl",
  learners: { metaicl: defineFactory(metaiclOptions, metaicl) },
});
