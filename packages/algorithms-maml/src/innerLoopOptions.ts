import { referenceTo } from "@metalearn/core";
import { z } from "zod";
import { count } from "./episodes.js";

// Options that several learners with inner loops share, so that name, check and description are the same in each.
// The schemas of whole learners are beside their factories, and are composed of these.

export const innerOptimizer = referenceTo("optimizer").describe(
  "Optimizer of the inner loop, for example `{ use: sgd, learningRate: 0.01, clipNorm: 1 }`.",
);

/** Number of inner steps, at least one; each learner has its own default. */
export const innerSteps = count.describe(
  "Inner steps per task; they cycle through its support batches.",
);

/** Patterns of parameter names. */
export const patterns = z.array(z.string()).min(1).readonly();

export const adapt = patterns
  .default(["*"])
  .describe(
    "Names of the parameters that the inner loop changes; `*` matches any text, a leading `!` excludes names.",
  );
