import type { CharacterClass } from "./characterClass.js";

/** A regular expression as pre-tokenizers use them. */
export type Pattern =
  | { readonly kind: "character"; readonly of: CharacterClass }
  | { readonly kind: "sequence"; readonly parts: readonly Pattern[] }
  /** Alternatives: the first with which the whole pattern matches. */
  | { readonly kind: "choice"; readonly options: readonly Pattern[] }
  /**
   * Repetition as many times as possible, or, unless possessive, fewer if the rest does not match otherwise. Only a
   * single character may repeat more than once.
   */
  | {
      readonly kind: "repeat";
      readonly of: Pattern;
      readonly min: number;
      readonly max: number;
      readonly isPossessive: boolean;
    }
  /** Lookahead: the next character, which is not consumed, is one of these, or with `isNegative` none of them. */
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
