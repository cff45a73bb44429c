import { type Learner, parseOptions } from "@metalearn/core";
import type { z } from "zod";
import { metaSgd, metaSgdOptions } from "./metaSgd.js";

export const lslrOptions = metaSgdOptions
  .omit({ rates: true, perStep: true })
  .describe("MAML with a learned inner learning rate for every tensor and inner step.");

/** Options of {@link lslr}. */
export type LslrOptions = z.input<typeof lslrOptions>;

/**
 * MAML with learned per-layer per-step learning rates: one for every tensor and inner step,
 * `phi_j+1 = phi_j - alpha_j * gradient`. MAML++ uses it together with `multiStepLoss`.
 *
 * Source: Antoniou et al. 2019 (MAML++), section 4, "LSLR".
 *
 * @throws MetaError `BAD_OPTION`
 */
export function lslr(options: LslrOptions): Learner {
  const own = parseOptions(lslrOptions, options);
  return { ...metaSgd({ ...own, rates: "tensor", perStep: true }), name: "lslr" };
}
