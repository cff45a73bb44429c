import { type CharacterClass, characterClass } from "./characterClass.js";
import type { Pattern } from "./pattern.js";

/** Borders of matches, decided from two neighbouring characters alone. */
export interface Neighbours {
  /**
   * True if a match might cross the border between two characters, given as code points, or look ahead across it.
   */
  mayJoin(left: number, right: number): boolean;
  /** True if every text that begins with this character has a match that begins there. */
  alwaysMatches(character: number): boolean;
}

/**
 * Computes which characters can be neighbours within matches, from which positions of the pattern follow each other.
 *
 * Source: Glushkov 1961, the position automaton of a regular expression.
 */
export function neighbours(pattern: Pattern): Neighbours {
  const pairs: (readonly [CharacterClass, CharacterClass])[] = [];
  const follow = (before: Ends, after: Ends) => {
    for (const left of before.last) {
      for (const right of after.first) pairs.push([left, right]);
    }
  };
  const ends = (part: Pattern): Ends => {
    switch (part.kind) {
      case "character":
        return { first: [part.of], last: [part.of], isOptional: false };
      case "lookahead":
        // Whatever is there is looked at.
        return { first: [anything], last: [anything], isOptional: true };
      case "choice": {
        const options = part.options.map(ends);
        return {
          first: options.flatMap(({ first }) => first),
          last: options.flatMap(({ last }) => last),
          isOptional: options.some(({ isOptional }) => isOptional),
        };
      }
      case "repeat": {
        const once = ends(part.of);
        if (part.max > 1) follow(once, once);
        return { ...once, isOptional: once.isOptional || part.min === 0 };
      }
      case "sequence": {
        let whole: Ends = { first: [], last: [], isOptional: true };
        for (const next of part.parts.map(ends)) {
          follow(whole, next);
          whole = {
            first: whole.isOptional ? [...whole.first, ...next.first] : whole.first,
            last: next.isOptional ? [...whole.last, ...next.last] : next.last,
            isOptional: whole.isOptional && next.isOptional,
          };
        }
        return whole;
      }
    }
  };
  ends(pattern);
  return {
    mayJoin: (left, right) => pairs.some(([a, b]) => a.find(left) && b.find(right)),
    alwaysMatches: (character) => matchesAlone(pattern, character),
  };
}

/** The characters that matches may begin and end with, and whether there may be none. */
interface Ends {
  readonly first: readonly CharacterClass[];
  readonly last: readonly CharacterClass[];
  readonly isOptional: boolean;
}

const anything = characterClass("[\\s\\S]");

/** True for a pattern that matches a character whatever follows it. */
function matchesAlone(pattern: Pattern, character: number): boolean {
  switch (pattern.kind) {
    case "character":
      return pattern.of.find(character);
    case "choice":
      return pattern.options.some((option) => matchesAlone(option, character));
    case "repeat":
      return pattern.min <= 1 && matchesAlone(pattern.of, character);
    case "lookahead":
      return false;
    case "sequence":
      return pattern.parts.some(
        (part, place) =>
          matchesAlone(part, character) &&
          pattern.parts.every((other, i) => i === place || canBeLeftOut(other, character)),
      );
  }
}

/** True for a part that can match the empty text before a character. */
function canBeLeftOut(pattern: Pattern, character: number): boolean {
  if (pattern.kind !== "repeat" || pattern.min > 0) return false;
  return !pattern.isPossessive || !matchesAlone(pattern.of, character);
}
