import type { Alphabet } from "./alphabet.js";
import type { MergeTable } from "./mergeTable.js";
import { pairMap } from "./pairMap.js";
import { type SpelledTokens, spelledTokens } from "./spelledTokens.js";

/** The BPE of words in time proportional to their length, or to the requested part. */
export interface LongWords {
  /** All tokens of a word that consists of these smallest ones. */
  encode(symbols: Int32Array): number[];
  /**
   * The first tokens of every word that begins with these smallest ones: at most `limit`, fewer where more
   * depend on what follows.
   */
  startOfLonger(symbols: Int32Array, limit: number): number[];
  /** The last tokens of every word that ends with these smallest ones, in the same way. */
  endOfLonger(symbols: Int32Array, limit: number): number[];
}

/**
 * No merge crosses a border between two final tokens. So the tokens before a border of BPE(word) are the BPE of that
 * part of the word, whatever follows, and likewise for the tokens after it. Two things follow:
 *
 * - A sequence of tokens is the BPE of its text if every two neighbours are the BPE of their text. So the last token
 *   of each prefix of the word is found from left to right: the only one that fits the last token of the prefix that
 *   is shorter by it.
 * - Every stretch as long as the longest token has a border. If the BPEs of all prefixes that end in such a stretch
 *   begin with the same tokens, so does the BPE of every longer word.
 *
 * Both also hold from right to left.
 *
 * Source: Berglund and van der Merwe 2023, "Formalizing BPE tokenization", for the first; the dynamic
 * programme is that of GitHub's crate `bpe` (van Antwerpen and Neubeck 2024).
 */
export function longWords(table: MergeTable, alphabet: Alphabet): LongWords {
  const direction = (isBackward: boolean) => {
    let built: Ways | undefined;
    return () => {
      built ??= ways(table, spelledTokens(table, alphabet, isBackward), isBackward);
      return built;
    };
  };
  const [forward, backward] = [direction(false), direction(true)];
  return {
    encode(symbols) {
      const way = forward().follow(symbols);
      return way.from(symbols.length).reverse();
    },
    startOfLonger(symbols, limit) {
      const way = forward().follow(symbols);
      return way.from(way.meeting()).reverse().slice(0, limit);
    },
    endOfLonger(symbols, limit) {
      const way = backward().follow(symbols.toReversed());
      const ids = way.from(way.meeting());
      return ids.slice(Math.max(0, ids.length - limit));
    },
  };
}

/** The BPEs of all prefixes of a word; with tokens spelled backward, of all suffixes. */
interface Ways {
  follow(symbols: Int32Array): {
    /** The BPE of the first `length` symbols, the token at their end first. */
    from(length: number): number[];
    /** The length of the prefix with whose BPE the BPE of every longer word begins. */
    meeting(): number;
  };
}

function ways(table: MergeTable, tokens: SpelledTokens, isBackward: boolean): Ways {
  const { idOf, lengthOf, longest } = tokens;
  let remembered = pairMap();
  let scratch = new Int32Array(64);

  /** True if both tokens are the BPE of their text; with `before` 0, if `token` is that of its own. */
  const fits = (before: number, token: number): boolean => {
    const known = remembered.get(before, token);
    if (known !== -1) return known === 1;
    const [left, right] = isBackward ? [token, before] : [before, token];
    const [first, second] = [lengthOf(left), lengthOf(right)];
    if (scratch.length < first + second) scratch = new Int32Array(2 * (first + second));
    tokens.spell(left, scratch, 0);
    tokens.spell(right, scratch, first);
    const merged = table.mergeAll(scratch, first + second);
    const ids = [left, right].filter((part) => part !== 0).map(idOf);
    const isFit = merged === ids.length && ids.every((id, i) => scratch[i] === id);
    if (remembered.size >= mostRemembered) remembered = pairMap();
    remembered.set(before, token, isFit ? 1 : 0);
    return isFit;
  };

  return {
    follow(symbols) {
      /** The last token of the BPE of each prefix. */
      const last = new Int32Array(symbols.length + 1);
      let state = 0;
      for (let length = 1; length <= symbols.length; length++) {
        state = tokens.step(state, symbols[length - 1] as number);
        let token = tokens.longestToken(state);
        while (token !== 0 && !fits(last[length - lengthOf(token)] as number, token)) {
          token = tokens.shorterToken(token);
        }
        if (token === 0) throw new Error("A beginning of a word has no BPE.");
        last[length] = token;
      }
      const step = (length: number) => lengthOf(last[length] as number);
      return {
        from(length) {
          const ids: number[] = [];
          for (let at = length; at > 0; at -= step(at)) ids.push(idOf(last[at] as number));
          return ids;
        },
        meeting: () => meeting(symbols.length, longest, step),
      };
    },
  };
}

/** Number of pairs whose fit is cached, at 16 bytes or more each. */
const mostRemembered = 2 ** 20;

/**
 * The last place that all paths back from the last `width` of `count` places pass; 0, the beginning, at the latest.
 *
 * @param step length of the step back from a place
 */
function meeting(count: number, width: number, step: (place: number) => number): number {
  if (count < width) return 0;
  const isPassed = new Uint8Array(count + 1).fill(1, count - width + 1);
  let open = width;
  for (let place = count; place > 0; place--) {
    if (isPassed[place] === 0) continue;
    if (open === 1) return place;
    const next = place - step(place);
    if (isPassed[next] === 0) isPassed[next] = 1;
    else open--;
  }
  return 0;
}
