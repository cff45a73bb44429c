import type { Alphabet } from "./alphabet.js";
import type { MergeTable } from "./mergeTable.js";
import { pairMap } from "./pairMap.js";

/**
 * Tokens by the smallest tokens that they are merged from, and an automaton that finds them in a sequence of these. A
 * token has a number from 1, not its id: the token of a byte, `<0x41>`, might also be merged from `<`, `0` and so on.
 */
export interface SpelledTokens {
  /** Length of the longest token, in smallest tokens. */
  readonly longest: number;
  idOf(token: number): number;
  /** Number of smallest tokens that a token is merged from; 0 for token 0, which stands for none. */
  lengthOf(token: number): number;
  /** Writes the smallest tokens of a token, from left to right. */
  spell(token: number, into: Int32Array, from: number): void;
  /** The state after one more smallest token, in the reading direction. The first state is 0. */
  step(state: number, symbol: number): number;
  /** The longest token at the end of the sequence that led to a state; 0 for none. */
  longestToken(state: number): number;
  /** The next shorter token at the same end; 0 for none. */
  shorterToken(token: number): number;
}

/**
 * Spells the tokens that merges lead to.
 *
 * Source: Aho and Corasick 1975, for the automaton.
 *
 * @param isBackward reads from right to left
 */
export function spelledTokens(
  table: MergeTable,
  alphabet: Alphabet,
  isBackward: boolean,
): SpelledTokens {
  const children = pairMap(table.merges.length);
  const ids: number[] = [-1];
  const lengths: number[] = [0];
  const parents: number[] = [0];
  const symbols: number[] = [-1];
  const byId = new Map<number, number[]>();
  let longest = 1;

  const grow = (parent: number, symbol: number): number => {
    const found = children.get(parent, symbol);
    if (found !== -1) return found;
    const added = ids.push(-1) - 1;
    lengths.push((lengths[parent] as number) + 1);
    parents.push(parent);
    symbols.push(symbol);
    children.set(parent, symbol, added);
    return added;
  };
  /** Records which token a path from the root spells. Returns true if that is new. */
  const name = (token: number, id: number): boolean => {
    if (ids[token] === id) return false;
    ids[token] = id;
    longest = Math.max(longest, lengths[token] as number);
    const others = byId.get(id);
    if (others) others.push(token);
    else byId.set(id, [token]);
    return true;
  };
  /** The smallest tokens of a token in the reading direction. */
  const path = (token: number): number[] => {
    const read: number[] = [];
    for (let rest = token; rest !== 0; rest = parents[rest] as number) {
      read.push(symbols[rest] as number);
    }
    return read.reverse();
  };

  for (const id of alphabet.tokens) name(grow(0, id), id);
  // Parts mostly precede the tokens merged from them, but need not.
  for (let isNew = true; isNew; ) {
    isNew = false;
    for (const [left, right, merged] of table.merges) {
      const [begin, end] = isBackward ? [right, left] : [left, right];
      for (const first of byId.get(begin) ?? []) {
        for (const second of byId.get(end) ?? []) {
          isNew = name(path(second).reduce(grow, first), merged) || isNew;
        }
      }
    }
  }

  /** For each path: its longest proper suffix that is also a path from the root, and the longest that is a token. */
  const fallback = new Int32Array(ids.length);
  const shorter = new Int32Array(ids.length);
  const step = (state: number, symbol: number): number => {
    let from = state;
    while (true) {
      const next = children.get(from, symbol);
      if (next !== -1) return next;
      if (from === 0) return 0;
      from = fallback[from] as number;
    }
  };
  const isToken = (state: number) => ids[state] !== -1;
  for (const state of byLength(lengths)) {
    const parent = parents[state] as number;
    const other = parent === 0 ? 0 : step(fallback[parent] as number, symbols[state] as number);
    fallback[state] = other;
    shorter[state] = isToken(other) ? other : (shorter[other] as number);
  }
  return {
    longest,
    idOf: (token) => ids[token] as number,
    lengthOf: (token) => lengths[token] as number,
    spell(token, into, from) {
      const read = path(token);
      into.set(isBackward ? read.reverse() : read, from);
    },
    step,
    longestToken: (state) => (isToken(state) ? state : (shorter[state] as number)),
    shorterToken: (token) => shorter[token] as number,
  };
}

/** Paths by length, the shortest first, without the root. */
function byLength(lengths: readonly number[]): number[] {
  const ways: number[][] = [];
  lengths.forEach((length, way) => {
    ways[length] ??= [];
    ways[length].push(way);
  });
  return ways.slice(1).flat();
}
