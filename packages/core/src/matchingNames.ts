import { MetaError } from "./errors.js";

/**
 * The names that match one of `patterns`, in which `*` stands for any text, in the order of `names`.
 *
 * @param option which option has the patterns, for messages
 * @throws MetaError `BAD_OPTION` when there is no pattern, or one that no name matches
 */
export function matchingNames(
  names: readonly string[],
  patterns: readonly string[],
  option: string,
): string[] {
  if (patterns.length === 0) {
    throw new MetaError("BAD_OPTION", `${option}: wanted at least one pattern; came none.`);
  }
  const matchers = patterns.map((pattern) => {
    const matches = namePattern(pattern);
    if (!names.some(matches)) {
      throw new MetaError(
        "BAD_OPTION",
        `${option}: no parameter is called "${pattern}". The model has, for example: ${names.slice(0, 5).join(", ")}.`,
      );
    }
    return matches;
  });
  return names.filter((name) => matchers.some((matches) => matches(name)));
}

/** Whether a name equals `pattern`, in which `*` stands for any text. */
function namePattern(pattern: string): (name: string) => boolean {
  const parts = pattern.split("*").map((part) => part.replace(/[.+?^${}()|[\]\\]/g, "\\$&"));
  const expression = new RegExp(`^${parts.join(".*")}$`);
  return (name) => expression.test(name);
}
