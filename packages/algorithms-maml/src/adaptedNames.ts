import { MetaError, type Params } from "@metalearn/core";
import { namePattern } from "./namePattern.js";

/**
 * The parameters that an inner loop adapts, in the model's order.
 *
 * @param patterns names, where `*` stands for any text; one after a `!` is left out
 * @throws MetaError `BAD_OPTION` for a pattern that no parameter matches, or when none is left
 */
export function adaptedNames(params: Params, patterns: readonly string[]): string[] {
  const names = Object.keys(params);
  const known = `The model has, for example: ${names.slice(0, 5).join(", ")}.`;
  const matching = (chosen: readonly string[]) =>
    chosen.map((pattern) => {
      const matches = namePattern(pattern);
      if (names.some(matches)) return matches;
      throw new MetaError("BAD_OPTION", `adapt: no parameter is called "${pattern}". ${known}`);
    });
  const leaves = (pattern: string) => pattern.startsWith("!");
  const taken = matching(patterns.filter((pattern) => !leaves(pattern)));
  const left = matching(patterns.filter(leaves).map((pattern) => pattern.slice(1)));
  const adapted = names.filter(
    (name) => taken.some((matches) => matches(name)) && !left.some((matches) => matches(name)),
  );
  if (adapted.length > 0) return adapted;
  throw new MetaError(
    "BAD_OPTION",
    `adapt: ${patterns.join(", ")} leaves no parameter to adapt. ${known}`,
  );
}
