import { type Learner, parseOptions } from "@metalearn/core";
import { z } from "zod";
import { count, querySource } from "./episodes.js";
import { mamlOptions, mamlWith } from "./maml.js";
import { momentSharing } from "./moments.js";

// All options of MAML, with other defaults, and one `size` in place of `support` and `query`.
const { queries, multiStepLoss, innerOptimizer, taskUnit, ...others } = mamlOptions.omit({
  moments: true,
  querySource: true,
  tasks: true,
  support: true,
  query: true,
  innerSteps: true,
}).shape;

export const mamlEnLlmOptions = z
  // The order of keys is kept: records have it, and MLflow recognises a run by a hash of its record.
  .strictObject({
    queries,
    multiStepLoss,
    innerOptimizer,
    moments: momentSharing.default("shared"),
    querySource: querySource.default("other-tasks"),
    taskUnit,
    ...others,
    tasks: count.default(1).describe("n: tasks per meta-update."),
    size: count.default(1).describe("k: support batches, inner steps and query batches per task."),
    innerSteps: z
      .int()
      .min(0)
      .optional()
      .describe("Inner steps per task; without any, this is MetaICL. Default: k."),
  })
  .describe("MAML with queries from other tasks, and moments that both loops share (MAML-2k-n).");

/** Options of {@link mamlEnLlm}. */
export type MamlEnLlmOptions = z.input<typeof mamlEnLlmOptions>;

/**
 * MAML-en-LLM, "MAML-2k-n": MAML whose query examples come from other tasks than the support, with
 * one inner step per support batch, and whose inner and outer AdamW share one set of moments.
 *
 * Every choice that the paper leaves open is an option; the defaults are the primary reading.
 *
 * Source: Sinha et al. 2024, sections 3.2 to 3.4.
 *
 * @example
 * // MAML-2-4
 * mamlEnLlm({ tasks: 4, size: 1, innerOptimizer: adamw({ learningRate: 1e-5 }) })
 * @throws MetaError `BAD_OPTION`, also as {@link maml} does
 */
export function mamlEnLlm(options: MamlEnLlmOptions): Learner {
  const { size, innerSteps = size, ...others } = parseOptions(mamlEnLlmOptions, options);
  const learner = mamlWith({ ...others, innerSteps, support: size, query: size });
  return { ...learner, name: "maml-en-llm" };
}
