import type { TokenSequence } from "@metalearn/core";
import { MetaError } from "@metalearn/core";
import type { ExampleTokens, TokenIds } from "./exampleEncoder.js";

/** The parts of a sequence. */
export interface SequenceParts {
  /** Demonstrations, the last one first; no more of them are taken than fit. */
  readonly newestFirst: Iterable<ExampleTokens>;
  /** The example whose scored part ends the sequence. */
  readonly query: ExampleTokens;
  readonly maxTokens: number;
}

/**
 * Demonstrations and a query as one sequence. What does not fit is dropped from the left, so that
 * the oldest demonstration goes first, perhaps in the middle of a word.
 *
 * @throws MetaError `BAD_OPTION` when the query alone does not fit
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
  // From the right, so that demonstrations beyond the limit are never looked at.
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

/** The last `length` tokens of the joined pieces, of which the last comes first. */
function joinFromRight(pieces: readonly TokenIds[], length: number): number[] {
  const ids = new Array<number>(length);
  let end = length;
  for (const piece of pieces) {
    for (let i = piece.length - 1; i >= 0 && end > 0; i--) ids[--end] = piece[i] as number;
  }
  return ids;
}
