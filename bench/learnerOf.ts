import { type MamlEnLlmOptions, mamlEnLlm } from "@metalearn/algorithms-maml";
import { metaicl } from "@metalearn/algorithms-metaicl";
import type { Learner } from "@metalearn/core";

/** The learner that a kind of work trains with; the options are those of the MAML-like ones. */
export function learnerOf(work: string, options: MamlEnLlmOptions): Learner {
  const learners: Record<string, () => Learner> = {
    metaicl: () => metaicl(),
    fomaml: () => mamlEnLlm({ ...options, order: 1 }),
    maml2: () => mamlEnLlm({ ...options, order: 2 }),
  };
  const chosen = learners[work]?.();
  if (!chosen) throw new Error(`--work should be score, ${Object.keys(learners).join(", ")}`);
  return chosen;
}
