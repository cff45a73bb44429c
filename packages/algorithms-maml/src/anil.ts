import { type Learner, parseOptions } from "@metalearn/core";
import type { z } from "zod";
import { patterns } from "./innerLoopOptions.js";
import { mamlOptions, mamlWith } from "./maml.js";

const headOptions = mamlOptions.omit({ adapt: true }).extend({
  head: patterns.describe(
    "Names of the parameters of the head; `*` stands for any text, a leading `!` leaves names out.",
  ),
});

export const anilOptions = headOptions.describe("MAML whose inner steps change only the head.");

export const boilOptions = headOptions.describe(
  "MAML whose inner steps change everything but the head.",
);

/** Options of {@link anil} and {@link boil}. */
export type HeadOptions = z.input<typeof headOptions>;

/**
 * Almost No Inner Loop: MAML that adapts the head only, `head' = head - alpha * gradient`, while the body is
 * the same for all tasks. Head and body both have a meta-gradient. In a GPT-2, whose output matrix is its
 * embedding, `["h.11.*", "ln_f.*"]` stands in for the head.
 *
 * Source: Raghu et al. 2020, section 4.1; the meta-gradient as in Finn et al. 2017, algorithm 1.
 *
 * @throws MetaError `BAD_OPTION`, also when no parameter is in the head
 */
export function anil(options: HeadOptions): Learner {
  const { head, ...others } = parseOptions(anilOptions, options);
  return { ...mamlWith({ ...others, adapt: head }), name: "anil" };
}

/**
 * Body Only update in Inner Loop: MAML that adapts everything except the head, whose inner rate is zero. Head
 * and body both have a meta-gradient.
 *
 * Source: Oh et al. 2021, section 3.1; the meta-gradient as in Finn et al. 2017, algorithm 1.
 *
 * @throws MetaError `BAD_OPTION`, also when no parameter is in the head
 */
export function boil(options: HeadOptions): Learner {
  const { head, ...others } = parseOptions(boilOptions, options);
  const adapt = ["*", ...head.map((pattern) => `!${pattern}`)];
  return { ...mamlWith({ ...others, adapt }), name: "boil" };
}
