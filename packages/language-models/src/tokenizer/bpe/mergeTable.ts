import { MetaError } from "@metalearn/core";
import { pairMap } from "./pairMap.js";

/** The merges of a BPE by ids. */
export interface MergeTable {
  /** Each merge: both parts and what they become, in order of rank. */
  readonly merges: readonly Merge[];
  /** Adds a merge of the last rank; it replaces a merge of the same pair. */
  add(merge: Merge): void;
  /**
   * Merges the first `count` tokens of `tokens` in place: the pair of the lowest rank first, the leftmost of equal
   * ones, until no pair is left. Time is quadratic in `count`.
   *
   * @returns number of tokens left
   */
  mergeAll(tokens: Int32Array, count: number): number;
}

/** Two tokens by their ids, and the token that they become. */
export type Merge = readonly [left: number, right: number, merged: number];

/**
 * A table with these merges, in order of rank.
 *
 * Source: Sennrich et al. 2016, section 3.2, algorithm 1.
 */
export function mergeTable(first: readonly Merge[] = []): MergeTable {
  const merges: Merge[] = [];
  const ranks = pairMap(first.length);
  let pairRanks = new Int32Array(64);
  const add = (merge: Merge) => ranks.set(merge[0], merge[1], merges.push(merge) - 1);
  for (const merge of first) add(merge);

  return {
    merges,
    add,
    mergeAll(tokens, count) {
      if (pairRanks.length < count) pairRanks = new Int32Array(2 * count);
      /** The rank of the pair that begins at a place; a high number where it is no merge. */
      const rankAt = (place: number) => {
        const rank = ranks.get(tokens[place] as number, tokens[place + 1] as number);
        return rank === -1 ? none : rank;
      };
      let left = count;
      for (let place = 0; place + 1 < left; place++) pairRanks[place] = rankAt(place);
      while (left > 1) {
        let best = none;
        let where = -1;
        for (let place = 0; place + 1 < left; place++) {
          const rank = pairRanks[place] as number;
          if (rank >= best) continue;
          best = rank;
          where = place;
        }
        if (where === -1) break;
        tokens[where] = (merges[best] as Merge)[2];
        left--;
        tokens.copyWithin(where + 1, where + 2, left + 1);
        pairRanks.copyWithin(where + 1, where + 2, left);
        if (where > 0) pairRanks[where - 1] = rankAt(where - 1);
        if (where + 1 < left) pairRanks[where] = rankAt(where);
      }
      return left;
    },
  };
}

const none = 0x7fffffff;

/**
 * Merges of tokens by their texts as merges of ids.
 *
 * @throws MetaError `BAD_CHECKPOINT` when a merge names a token that is not in the vocabulary
 */
export function mergesById(
  vocabulary: ReadonlyMap<string, number>,
  merges: readonly (readonly [string, string])[],
): Merge[] {
  const idOf = (token: string, rank: number) => {
    const id = vocabulary.get(token);
    if (id !== undefined) return id;
    throw new MetaError(
      "BAD_CHECKPOINT",
      `Merge ${rank + 1} needs the token ${JSON.stringify(token)}, which is not in the vocabulary.`,
    );
  };
  return merges.map(([left, right], rank) => [
    idOf(left, rank),
    idOf(right, rank),
    idOf(left + right, rank),
  ]);
}
