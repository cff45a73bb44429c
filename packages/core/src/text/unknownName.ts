import { closest, distance } from "fastest-levenshtein";
import { MetaError } from "../errors.js";

/** Suggests the nearest known name, as ` Did you mean "x"?`; empty if none is near. */
export function suggestion(name: string, known: readonly string[]): string {
  if (known.length === 0) return "";
  const nearest = closest(name, [...known]);
  const near = distance(name, nearest) <= Math.max(2, Math.floor(name.length / 3));
  return near ? ` Did you mean "${nearest}"?` : "";
}

/**
 * Makes the error for an unknown name, with a suggestion: MetaError `UNKNOWN_NAME`.
 *
 * @param what noun for the kind of thing, as in `No optimizer is called "sdg".`
 * @param hint a further sentence for the message
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
