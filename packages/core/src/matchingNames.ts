import { MetaError } from "./errors.js";

/**
 * Selects parameter names by patterns, in which `*` matches any text. A pattern after a `!` excludes names
 * (`["*", "!wte.*"]`).
 *
 * @param option name of the option with the patterns, for messages
 * @returns the selected names, in the order of `names`
 * @throws MetaError `BAD_OPTION` for no patterns, a pattern without a match, or an empty selection
 */
export function matchingNames(
  names: readonly string[],
  patterns: readonly string[],
  option: string,
): string[] {
  if (patterns.length === 0) {
    throw new MetaError("BAD_OPTION", `${option}: expected at least one pattern, got none.`);
  }
  const known = `The model has, for example: ${names.slice(0, 5).join(", ")}.`;
  const matching = (chosen: readonly string[]) => {
    const found = chosen.map((pattern) => {
      const matches = names.filter((name) => matchesPattern(name, pattern));
      if (matches.length > 0) return matches;
      throw new MetaError("BAD_OPTION", `${option}: no parameter is called "${pattern}". ${known}`);
    });
    return new Set(found.flat());
  };
  const leaves = (pattern: string) => pattern.startsWith("!");
  const taken = matching(patterns.filter((pattern) => !leaves(pattern)));
  const left = matching(patterns.filter(leaves).map((pattern) => pattern.slice(1)));
  const chosen = names.filter((name) => taken.has(name) && !left.has(name));
  if (chosen.length > 0) return chosen;
  throw new MetaError(
    "BAD_OPTION",
    `${option}: ${patterns.join(", ")} leaves no parameter. ${known}`,
  );
}

/** True for a name that equals `pattern`, in which `*` matches any text. */
export function matchesPattern(name: string, pattern: string): boolean {
  const parts = pattern.split("*").map((part) => part.replace(/[.+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${parts.join(".*")}$`, "s").test(name);
}
