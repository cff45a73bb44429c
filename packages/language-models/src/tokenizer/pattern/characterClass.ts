import { inUnicode16 } from "../unicode.js";

/** A set of characters. */
export interface CharacterClass {
  /** The class in JavaScript's syntax for regular expressions with the flag `v`; unique. */
  readonly source: string;
  /** Cache of {@link CharacterClass.find}, by code point: 1 for a member, 2 for no member, 0 if not yet looked up. */
  readonly known: Uint8Array;
  /** True for a code point that is a member; caches the result. */
  find(codePoint: number): boolean;
}

/** All classes by source; patterns share them. */
const classes = new Map<string, CharacterClass>();

/**
 * The class with this source, such as `[^\p{L}\p{N}]`, by the character properties of Unicode 16.
 *
 * @param ignoreCase counts a character in if its lower or upper case is in the class
 */
export function characterClass(source: string, ignoreCase = false): CharacterClass {
  const key = ignoreCase ? `i${source}` : source;
  const existing = classes.get(key);
  if (existing) return existing;
  const pattern = new RegExp(`^${source}$`, ignoreCase ? "iv" : "v");
  const known = new Uint8Array(0x110000);
  const made: CharacterClass = {
    source: key,
    known,
    find(codePoint) {
      if (known[codePoint] === 0) {
        known[codePoint] = pattern.test(String.fromCodePoint(inUnicode16(codePoint))) ? 1 : 2;
      }
      return known[codePoint] === 1;
    },
  };
  classes.set(key, made);
  return made;
}

/** The class of some single characters. */
export function oneOf(characters: string, ignoreCase = false): CharacterClass {
  const members = Array.from(characters, (character) => classEscape(character));
  return characterClass(`[${members.join("")}]`, ignoreCase);
}

/** Escapes a character for the source of a class. */
export function classEscape(character: string): string {
  return `\\u{${(character.codePointAt(0) as number).toString(16)}}`;
}
