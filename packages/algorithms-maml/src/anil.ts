import type { Learner } from "@metalearn/core";
import { type MamlOptions, maml } from "./maml.js";

/** Options of {@link anil} and {@link boil}. */
export interface HeadOptions extends Omit<MamlOptions, "adapt"> {
  /**
   * Which parameters are the head: names, where `*` stands for any text. In a GPT-2, whose output
   * matrix is its embedding, `["h.11.*", "ln_f.*"]` stands in for it.
   */
  readonly head: readonly string[];
}

/**
 * Almost no inner loop: MAML that adapts the head alone, `head' = head - alpha * gradient`, while the
 * body is the same for all tasks. Both have a meta-gradient.
 *
 * Source: Raghu et al. 2020, section 4.1; the meta-gradient as in Finn et al. 2017, algorithm 1.
 *
 * @throws MetaError `BAD_OPTION` when a count is too small; later, when no parameter is in the head
 */
export function anil({ head, ...options }: HeadOptions): Learner {
  return { ...maml({ ...options, adapt: head }), name: "anil" };
}

/**
 * Body only update in the inner loop: MAML that adapts everything but the head, whose inner rate is
 * zero. Both have a meta-gradient.
 *
 * Source: Oh et al. 2021, section 3.1; the meta-gradient as in Finn et al. 2017, algorithm 1.
 *
 * @throws MetaError `BAD_OPTION` when a count is too small; later, when no parameter is in the head
 */
export function boil({ head, ...options }: HeadOptions): Learner {
  const adapt = ["*", ...head.map((pattern) => `!${pattern}`)];
  return { ...maml({ ...options, adapt }), name: "boil" };
}
