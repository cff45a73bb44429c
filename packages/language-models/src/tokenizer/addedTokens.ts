import { pairMap } from "./bpe/pairMap.js";
import { characterClass } from "./pattern/characterClass.js";

/** A token that is found in texts before they are encoded, such as `<|endoftext|>`. */
export interface AddedToken {
  readonly id: number;
  readonly content: string;
  /** True if it is found only as a whole word. */
  readonly single_word: boolean;
  /** True if it includes the white space before it. */
  readonly lstrip: boolean;
  /** True if it includes the white space after it. */
  readonly rstrip: boolean;
  /** True if it is searched for in the normalised text. */
  readonly normalized: boolean;
  /** True if it is a mark rather than text. */
  readonly special: boolean;
}

/** A part of a text: the id of an added token, or the text between two. */
export type Part = string | number;

/** Finds added tokens in texts. */
export interface TokenFinder {
  /** Splits a text at the tokens in it: the leftmost first, and the longest of several. No part is empty. */
  split(text: string): readonly Part[];
  /**
   * True if splitting the text between these two characters, given as code points, does not change which tokens are
   * found.
   */
  separates(left: number, right: number): boolean;
}

const word = characterClass("[\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}\\p{Join_Control}]");
const space = characterClass("[\\p{White_Space}]");

/**
 * Makes a finder of tokens.
 *
 * @param tokens by the text to search for
 *
 * Source: `added_vocabulary.rs` of Hugging Face's tokenizers.
 */
export function tokenFinder(tokens: ReadonlyMap<string, AddedToken>): TokenFinder {
  const contents = [...tokens.keys()].filter((content) => content !== "");
  if (contents.length === 0) {
    return { split: (text) => (text === "" ? [] : [text]), separates: () => true };
  }
  // The first matching alternative wins, so the longest has to be first.
  const alternatives = contents.sort((a, b) => b.length - a.length).map(literal);
  const pattern = new RegExp(alternatives.join("|"), "g");
  return {
    split(text) {
      const parts: Part[] = [];
      let from = 0;
      pattern.lastIndex = 0;
      for (let found = pattern.exec(text); found; found = pattern.exec(text)) {
        const token = tokens.get(found[0]) as AddedToken;
        let start = found.index;
        let end = start + found[0].length;
        if (token.single_word && (endsInWord(text, start) || beginsWithWord(text, end))) continue;
        if (token.lstrip) start = Math.max(startOfSpace(text, start), from);
        if (token.rstrip) end = endOfSpace(text, end);
        if (start > from) parts.push(text.slice(from, start));
        parts.push(token.id);
        from = end;
      }
      if (from < text.length) parts.push(text.slice(from));
      return parts;
    },
    separates: separator(contents, [...tokens.values()]),
  };
}

/** Decides by the characters of tokens alone: neither side ends or begins like a token, and no token has both. */
function separator(
  contents: readonly string[],
  tokens: readonly AddedToken[],
): TokenFinder["separates"] {
  const [first, last, joined] = [new Set<number>(), new Set<number>(), pairMap()];
  for (const content of contents) {
    const points = Array.from(content, (character) => character.codePointAt(0) as number);
    first.add(points[0] as number);
    last.add(points.at(-1) as number);
    for (let i = 1; i < points.length; i++)
      joined.set(points[i - 1] as number, points[i] as number, 1);
  }
  const takesBefore = tokens.some(({ lstrip }) => lstrip);
  const takesAfter = tokens.some(({ rstrip }) => rstrip);
  return (left, right) => {
    if (last.has(left) || first.has(right) || joined.get(left, right) !== -1) return false;
    // White space may belong to a token on the other side, or what is on its right begin anew after one.
    return !(space.find(left) && (takesAfter || (takesBefore && space.find(right))));
  };
}

function literal(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
}

function endsInWord(text: string, end: number): boolean {
  const start = end > 1 && (text.codePointAt(end - 2) as number) > 0xffff ? end - 2 : end - 1;
  return end > 0 && word.find(text.codePointAt(start) as number);
}

function beginsWithWord(text: string, start: number): boolean {
  return start < text.length && word.find(text.codePointAt(start) as number);
}

function startOfSpace(text: string, end: number): number {
  let start = end;
  while (start > 0 && space.find(text.charCodeAt(start - 1))) start--;
  return start;
}

function endOfSpace(text: string, start: number): number {
  let end = start;
  while (end < text.length && space.find(text.charCodeAt(end))) end++;
  return end;
}
