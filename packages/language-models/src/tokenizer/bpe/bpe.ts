import { toByteLetters } from "../byteLetters.js";
import { type AlphabetOptions, alphabet } from "./alphabet.js";
import { type LongWords, longWords } from "./longWord.js";
import { type Merge, mergesById, mergeTable } from "./mergeTable.js";
import { type PairMap, pairMap } from "./pairMap.js";

/** The parts of a BPE. */
export interface BpeOptions extends AlphabetOptions {
  /** Pairs of tokens, in order of rank. */
  readonly merges: readonly (readonly [string, string])[];
  /** True if a word that is a token becomes that token even if merges do not lead to it. */
  readonly ignoreMerges: boolean;
}

/** A byte-pair encoding of the words that a pre-tokenizer returns. */
export interface Bpe {
  /** Appends the tokens of a word. */
  encode(word: string, tokens: number[]): void;
  /** The first tokens of a word, at most `limit`, in time proportional to them. */
  encodeStart(word: string, limit: number): number[];
  /** The last tokens of a word, at most `limit`, in time proportional to them. */
  encodeEnd(word: string, limit: number): number[];
  /**
   * True if words can be cut between these two characters, given as code points: no token has them adjacent, so the
   * tokens of the word are those of both parts.
   */
  separates(left: number, right: number): boolean;
}

/** Number of smallest tokens above which merging, quadratic in this number, takes too long. */
const manySymbols = 100;
/** Number of words cached with their tokens, and maximum length of a cached word in characters. */
const cacheSize = 2 ** 16;
const cachedLength = 64;

/** A BPE in time proportional to the length of words. */
export function bpe(options: BpeOptions): Bpe {
  const { vocabulary, byteLevel, ignoreMerges } = options;
  const table = mergeTable(mergesById(vocabulary, options.merges));
  const letters = alphabet(options);
  const longestToken = [...vocabulary.keys()].reduce(
    (most, { length }) => Math.max(most, length),
    0,
  );
  const separates = byteLevel ? () => false : separator(vocabulary, letters.fallback, table.merges);
  const cache = new Map<string, readonly number[]>();
  let built: LongWords | undefined;
  const long = () => {
    built ??= longWords(table, letters);
    return built;
  };

  /** The token equal to a word, if `ignoreMerges`. */
  const tokenOf = (word: string): number | undefined => {
    if (!ignoreMerges || word.length > longestToken) return undefined;
    return vocabulary.get(byteLevel ? toByteLetters(Buffer.from(word)) : word);
  };
  const merge = (piece: string): readonly number[] => {
    const { tokens, count } = letters.read(piece);
    if (count > manySymbols) return long().encode(tokens.slice(0, count));
    return Array.from(tokens.subarray(0, table.mergeAll(tokens, count)));
  };
  const encodePiece = (piece: string): readonly number[] => {
    const known = cache.get(piece);
    if (known) return known;
    const token = byteLevel ? tokenOf(piece) : undefined; // of characters, a piece need not be a word
    const ids = token === undefined ? merge(piece) : [token];
    if (piece.length > cachedLength) return ids;
    if (cache.size >= cacheSize) cache.clear();
    cache.set(piece, ids);
    return ids;
  };
  /** Tokens of one end of a piece; reads no more of it than needed. */
  const encodeSide = (piece: string, limit: number, side: "start" | "end"): readonly number[] => {
    for (let length = 4 * (limit + 2 * longestToken); length < piece.length; length *= 4) {
      if (!letters.isLocal) break;
      const border = side === "start" ? length : piece.length - length;
      const cut = isInsidePair(piece, border) ? border + 1 : border;
      const part = side === "start" ? piece.slice(0, cut) : piece.slice(cut);
      const { tokens, count, endsUnknown } = letters.read(part);
      const isOpen = endsUnknown && side === "start";
      const symbols = tokens.slice(0, isOpen ? count - 1 : count);
      const words = long();
      const ids =
        side === "start" ? words.startOfLonger(symbols, limit) : words.endOfLonger(symbols, limit);
      if (ids.length === limit) return ids;
    }
    const ids = encodePiece(piece);
    return side === "start" ? ids.slice(0, limit) : ids.slice(Math.max(0, ids.length - limit));
  };

  /** The end of the piece that begins at a place. */
  const endOfPiece = (word: string, start: number): number => {
    if (byteLevel) return word.length;
    let left = word.codePointAt(start) as number;
    for (let end = start + widthOf(left); end < word.length; ) {
      const right = word.codePointAt(end) as number;
      if (separates(left, right)) return end;
      left = right;
      end += widthOf(right);
    }
    return word.length;
  };
  /** The beginning of the piece that ends at a place. */
  const startOfPiece = (word: string, end: number): number => {
    if (byteLevel) return 0;
    let start = before(word, end);
    while (start > 0) {
      const left = before(word, start);
      if (separates(word.codePointAt(left) as number, word.codePointAt(start) as number)) break;
      start = left;
    }
    return start;
  };

  return {
    separates,
    encode(word, tokens) {
      const token = byteLevel ? undefined : tokenOf(word);
      if (token !== undefined) {
        tokens.push(token);
        return;
      }
      for (let start = 0; start < word.length; ) {
        const end = endOfPiece(word, start);
        for (const id of encodePiece(word.slice(start, end))) tokens.push(id);
        start = end;
      }
    },
    encodeStart(word, limit) {
      const token = tokenOf(word);
      if (token !== undefined) return [token].slice(0, limit);
      const ids: number[] = [];
      for (let start = 0; start < word.length && ids.length < limit; ) {
        const end = endOfPiece(word, start);
        const room = limit - ids.length;
        for (const id of encodeSide(word.slice(start, end), room, "start")) ids.push(id);
        start = end;
      }
      return ids;
    },
    encodeEnd(word, limit) {
      const token = tokenOf(word);
      if (token !== undefined) return limit === 0 ? [] : [token];
      const pieces: (readonly number[])[] = [];
      let room = limit;
      for (let end = word.length; end > 0 && room > 0; ) {
        const start = startOfPiece(word, end);
        const ids = encodeSide(word.slice(start, end), room, "end");
        pieces.push(ids);
        room -= ids.length;
        end = start;
      }
      return pieces.reverse().flat();
    },
  };
}

/** Returns {@link Bpe.separates} for words of characters. */
function separator(
  vocabulary: ReadonlyMap<string, number>,
  fallback: ReadonlySet<number> | undefined,
  merges: readonly Merge[],
): Bpe["separates"] {
  const neighbours = neighboursIn(vocabulary.keys());
  const isToken = (character: number) => neighbours.get(character, alone) !== -1;
  const bytesStayApart =
    fallback !== undefined &&
    !merges.some(([left, right]) => fallback.has(left) || fallback.has(right));
  return (left, right) => {
    if (neighbours.get(left, right) !== -1) return false;
    return bytesStayApart || (isToken(left) && isToken(right));
  };
}

/** Stands for the right neighbour of a character that is a token of its own. */
const alone = 0x110000;

/** Pairs of characters that are adjacent in tokens. */
function neighboursIn(tokens: Iterable<string>): PairMap {
  const found = pairMap();
  for (const token of tokens) {
    let left: number | undefined;
    for (const character of token) {
      const right = character.codePointAt(0) as number;
      if (left === undefined && character === token) found.set(right, alone, 1);
      if (left !== undefined) found.set(left, right, 1);
      left = right;
    }
  }
  return found;
}

function widthOf(codePoint: number): number {
  return codePoint > 0xffff ? 2 : 1;
}

/** The beginning of the character before a place. */
function before(text: string, place: number): number {
  return isInsidePair(text, place - 1) ? place - 2 : place - 1;
}

/** True if a place is between the two halves of a character beyond U+FFFF. */
function isInsidePair(text: string, place: number): boolean {
  return (text.codePointAt(place - 1) ?? 0) > 0xffff;
}
