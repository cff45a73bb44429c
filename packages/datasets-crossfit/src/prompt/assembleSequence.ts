import type { TokenSequence } from "@metalearn/core";
import { MetaError } from "@metalearn/core";
import type { ExampleTokens, TokenIds } from "./exampleEncoder.js";

/** Parts of a sequence. */
export interface SequenceParts {
  /** Demonstrations, last one first; only as many are read as fit. */
  readonly newestFirst: Iterable<ExampleTokens>;
  /** Example whose scored part ends the sequence. */
  readonly query: ExampleTokens;
  readonly maxTokens: number;
}

/**
 * Joins demonstrations and a query into one sequence. Excess tokens are dropped from the left: the earliest
 * demonstration is cut first, possibly in the middle of a word.
 *
 * @throws MetaError `BAD_OPTION` when the query alone does not fit
 *
 * Source: Min et al. 2022, published code (`metaicl/data.py`).
 */
export function assembleSequence({ newestFirst, query, maxTokens }: SequenceParts): TokenSequence {
  let room = maxTokens - query.scored.length - query.conditioning.length;
  if (room < 0) {
    throw new MetaError(
      "BAD_OPTION",
      `A question of ${maxTokens - room} tokens does not fit into a sequence of ${maxTokens}. Raise maxTokens or lower maxExampleTokens.`,
    );
  }
  // From the right, so that demonstrations beyond the limit are never encoded.
  const pieces: TokenIds[] = [query.scored, query.conditioning];
  for (const { conditioning, scored } of newestFirst) {
    for (const piece of [scored, conditioning]) {
      if (room === 0) break;
      pieces.push(piece);
      room -= Math.min(room, piece.length);
    }
    if (room === 0) break;
  }
  return {
    ids: joinFromRight(pieces, maxTokens - room),
    scoredFrom: maxTokens - room - query.scored.length,
  };
}

/** Joins pieces, given last one first, and keeps the last `length` tokens. */
function joinFromRight(pieces: readonly TokenIds[], length: number): number[] {
  const ids = new Array<number>(length);
  let end = length;
  for (const piece of pieces) {
    for (let i = piece.length - 1; i >= 0 && end > 0; i--) ids[--end] = piece[i] as number;
  }
  return ids;
}
