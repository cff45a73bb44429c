import { MetaError } from "@metalearn/core";
import { pairMap } from "./pairMap.js";

/** The merges of a BPE by ids. */
export interface MergeTable {
  /** Each merge: both parts and what they become, in order of rank. */
  readonly merges: readonly (readonly [left: number, right: number, merged: number])[];
  /** The rank of the merge of two tokens, 0 being the first one to be made; -1 where there is none. */
  rank(left: number, right: number): number;
  /**
   * Merges the first `count` tokens of `tokens` in place: the pair of the lowest rank first, of equal
   * ones the leftmost, until no pair is left. Time grows with the square of `count`.
   *
   * @returns how many tokens are left
   */
  mergeAll(tokens: Int32Array, count: number): number;
}

/**
 * The merges of a vocabulary.
 *
 * Source: Sennrich et al. 2016, section 3.2, algorithm 1.
 *
 * @throws MetaError `BAD_CHECKPOINT` when a merge names a token that is not in the vocabulary
 */
export function mergeTable(
  vocabulary: ReadonlyMap<string, number>,
  merges: readonly (readonly [string, string])[],
): MergeTable {
  const idOf = (token: string, rank: number) => {
    const id = vocabulary.get(token);
    if (id !== undefined) return id;
    throw new MetaError(
      "BAD_CHECKPOINT",
      `Merge ${rank + 1} needs the token ${JSON.stringify(token)}, which is not in the vocabulary.`,
    );
  };
  const ranks = pairMap(merges.length);
  const mergedOf = new Int32Array(merges.length);
  const byIds = merges.map(([left, right], rank) => {
    const ids = [idOf(left, rank), idOf(right, rank), idOf(left + right, rank)] as const;
    ranks.set(ids[0], ids[1], rank); // of two equal merges the later one counts, as in tokenizers
    mergedOf[rank] = ids[2];
    return ids;
  });
  let pairRanks = new Int32Array(64);

  return {
    merges: byIds,
    rank: ranks.get,
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
        tokens[where] = mergedOf[best] as number;
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
