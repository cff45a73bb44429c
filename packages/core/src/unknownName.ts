import { closest, distance } from "fastest-levenshtein";
import { MetaError } from "./errors.js";

/** ` Did you mean "x"?` when a known name is near, otherwise nothing. */
export function suggestion(name: string, known: readonly string[]): string {
  if (known.length === 0) return "";
  const nearest = closest(name, [...known]);
  const near = distance(name, nearest) <= Math.max(2, Math.floor(name.length / 3));
  return near ? ` Did you mean "${nearest}"?` : "";
}

/**
 * An error about a name that is not among the known ones, with the nearest of them.
 *
 * @param what what was looked for, as in `No optimizer is called "sdg".`
 * @param hint a sentence on what else may be wrong
 */
export function unknownName(
  what: string,
  name: string,
  known: readonly string[],
  hint = "",
): MetaError {
  const list = known.join(", ") || "none";
  return new MetaError(
    "UNKNOWN_NAME",
    `No ${what} is called "${name}".${suggestion(name, known)} Known: ${list}.${hint && ` ${hint}`}`,
  );
}
