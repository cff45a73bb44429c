import type { CharacterClass } from "./characterClass.js";

/** A regular expression as pre-tokenizers use them. */
export type Pattern =
  | { readonly kind: "character"; readonly of: CharacterClass }
  | { readonly kind: "sequence"; readonly parts: readonly Pattern[] }
  /** The first alternative with which the whole matches. */
  | { readonly kind: "choice"; readonly options: readonly Pattern[] }
  /**
   * As many times as possible, and fewer where the rest asks for it, unless it is possessive. What may
   * come more than once is a character.
   */
  | {
      readonly kind: "repeat";
      readonly of: Pattern;
      readonly min: number;
      readonly max: number;
      readonly isPossessive: boolean;
    }
  /** The next character, which is not read: it is one of these, or with `isNegative` it is not. */
  | { readonly kind: "lookahead"; readonly of: CharacterClass; readonly isNegative: boolean };

/** True for a pattern that can match without reading a character. */
export function matchesEmpty(pattern: Pattern): boolean {
  switch (pattern.kind) {
    case "character":
      return false;
    case "sequence":
      return pattern.parts.every(matchesEmpty);
    case "choice":
      return pattern.options.some(matchesEmpty);
    case "repeat":
      return pattern.min === 0 || matchesEmpty(pattern.of);
    case "lookahead":
      return true;
  }
}
