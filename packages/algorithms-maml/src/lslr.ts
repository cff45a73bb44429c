import type { Learner } from "@metalearn/core";
import { type MetaSgdOptions, metaSgd } from "./metaSgd.js";

/** Options of {@link lslr}. */
export type LslrOptions = Omit<MetaSgdOptions, "rates" | "perStep">;

/**
 * MAML with learned per-layer per-step learning rates: one for every tensor and inner step,
 * `phi_j+1 = phi_j - alpha_j * gradient`. MAML++ uses it together with `multiStepLoss`.
 *
 * Source: Antoniou et al. 2019 (MAML++), section 4, "LSLR".
 *
 * @throws MetaError `BAD_OPTION` when a count is too small
 */
export function lslr(options: LslrOptions): Learner {
  return { ...metaSgd({ ...options, rates: "tensor", perStep: true }), name: "lslr" };
}
