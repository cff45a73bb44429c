import type { TokenIds } from "../prompt/exampleEncoder.js";

/**
 * Token lists kept one after another in a typed array that grows: 2 bytes a token where the
 * vocabulary allows it, and nothing per list.
 */
export interface TokenArena {
  /** Copies tokens in and returns where they begin. */
  add(tokens: TokenIds): number;
  /** A view of stored tokens. They are never overwritten. */
  read(start: number, length: number): Uint16Array | Uint32Array;
  /** How many tokens there are. */
  used(): number;
}

/** An empty arena for tokens below `vocabularySize`. */
export function tokenArena(vocabularySize: number): TokenArena {
  const Tokens = vocabularySize <= 0x1_0000 ? Uint16Array : Uint32Array;
  let store = new Tokens(1024);
  let used = 0;
  return {
    add(tokens) {
      const start = used;
      used += tokens.length;
      if (used > store.length) {
        const grown = new Tokens(Math.max(used, 2 * store.length));
        grown.set(store.subarray(0, start));
        store = grown;
      }
      store.set(tokens, start);
      return start;
    },
    read: (start, length) => store.subarray(start, start + length),
    used: () => used,
  };
}
