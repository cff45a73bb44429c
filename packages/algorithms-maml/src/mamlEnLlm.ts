import type { Learner } from "@metalearn/core";
import { type MamlOptions, maml } from "./maml.js";

/** Options of {@link mamlEnLlm}. */
export interface MamlEnLlmOptions
  extends Pick<
    MamlOptions,
    | "innerOptimizer"
    | "order"
    | "moments"
    | "querySource"
    | "taskUnit"
    | "queries"
    | "adapt"
    | "multiStepLoss"
  > {
  /** n: tasks per meta-update. @default 1 */
  readonly tasks?: number;
  /** k: support batches, inner steps and query batches per task. @default 1 */
  readonly size?: number;
  /** Inner steps per task, if not k. Without any, this is MetaICL. @default size */
  readonly innerSteps?: number | undefined;
}

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
 */
export function mamlEnLlm({
  tasks = 1,
  size = 1,
  innerSteps = size,
  ...options
}: MamlEnLlmOptions): Learner {
  const learner = maml({
    moments: "shared",
    querySource: "other-tasks",
    ...options,
    tasks,
    innerSteps,
    support: size,
    query: size,
  });
  return { ...learner, name: "maml-en-llm" };
}
