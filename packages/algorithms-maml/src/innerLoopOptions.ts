import { referenceTo } from "@metalearn/core";
import { z } from "zod";
import { count } from "./episodes.js";

export const innerOptimizer = referenceTo("optimizer").describe(
  "The optimizer of the inner loop, for example `{ use: sgd, learningRate: 0.01 }`.",
);

/** Number of inner steps, at least one; each learner has a default of its own. */
export const innerSteps = count.describe(
  "Inner steps per task, cycling through its support batches.",
);

/** Patterns of parameter names. */
export const patterns = z.array(z.string()).min(1).readonly();

export const adapt = patterns
  .default(["*"])
  .describe(
    "Names of the parameters that the inner loop changes; `*` stands for any text, a leading `!` leaves names out.",
  );
