import type { TokenIds } from "../prompt/exampleEncoder.js";

/**
 * Token lists stored one after another in a growing typed array: 2 bytes per token where the vocabulary
 * allows it, and no overhead per list.
 */
export interface TokenArena {
  /** Copies tokens and returns their position. */
  add(tokens: TokenIds): number;
  /** A view of stored tokens. They are never overwritten. */
  read(start: number, length: number): Uint16Array | Uint32Array;
  /** Number of stored tokens. */
  used(): number;
}

/** Creates an empty arena for token ids below `vocabularySize`. */
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
