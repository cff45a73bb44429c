import { inUnicode16 } from "../unicode.js";

/** A set of characters. */
export interface CharacterClass {
  /** As a class of JavaScript's regular expressions with the flag `v`, which tells it from others. */
  readonly source: string;
  /** By code point: 1 for a member, 2 for no member, 0 where {@link CharacterClass.find} has not looked. */
  readonly known: Uint8Array;
  /** True for a code point that is a member; remembers it. */
  find(codePoint: number): boolean;
}

/** All classes, for patterns share them. */
const classes = new Map<string, CharacterClass>();

/**
 * The class with this source, such as `[^\p{L}\p{N}]`, by the properties that characters have in Unicode 16.
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

/** A character as it may stand in the source of a class, whatever it is. */
export function classEscape(character: string): string {
  return `\\u{${(character.codePointAt(0) as number).toString(16)}}`;
}
