import type { z } from "zod";

/** Options of a model that decide its size, by name. */
export interface SizeOptions {
  /** Options that a fresh model needs, all of them. */
  readonly required: readonly string[];
  /** Options that a fresh model may have as well. */
  readonly optional?: readonly string[];
  /** Options of these that `weights` may have, too. */
  readonly withWeights?: readonly string[];
  /** Option that names a published size, in place of the required ones. */
  readonly published?: string;
}

/**
 * Makes the refinement of a model's options that wants the parameters' source or size once: `weights`, a published
 * size, or the options of a custom one; and a `revision` only of `weights`.
 */
export function requireSize({
  required,
  optional = [],
  withWeights = [],
  published,
}: SizeOptions): (options: Readonly<Record<string, unknown>>, context: z.RefinementCtx) => void {
  return (options, { addIssue }) => {
    const has = (name: string | undefined) => name !== undefined && options[name] !== undefined;
    const complain = (message: string, ...path: readonly string[]) =>
      addIssue({ code: "custom", path: [...path], message });
    const own = [...required, ...optional].filter(has);
    const named = published === undefined ? [] : [published];
    if (has("weights")) {
      const given = [...named.filter(has), ...own.filter((name) => !withWeights.includes(name))];
      if (given.length > 0) {
        complain(`have a size of their own. Leave out ${given.join(", ")}`, "weights");
      }
      return;
    }
    if (has("revision")) complain("is one of weights: name them, or leave it out", "revision");
    if (published !== undefined && has(published)) {
      if (own.length > 0) complain(`sets ${own.join(", ")}. Leave out one of them`, published);
    } else if (!required.every(has)) {
      complain(`needs ${["weights", ...named].join(", ")}, or all of ${required.join(", ")}`);
    }
  };
}
