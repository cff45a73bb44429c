import { sizeAtLeast } from "../batch/sizeAtLeast.js";

/** What reading something costs. */
export interface ReadingSize {
  /** Tokens. */
  readonly length: number;
  /** Rows of the vocabulary that it is scored by. */
  readonly scored: number;
}

/** Scored tokens at once: each costs a row of the whole vocabulary. */
const maxScored = 1024;

/**
 * Indices of what is to be read, longest first, in batches of at most `limit` tokens after padding:
 * of rows to the longest, and of their number to one of few.
 */
export function batchesByLength(sizes: readonly ReadingSize[], limit: number): number[][] {
  const length = (i: number) => (sizes[i] as ReadingSize).length;
  // Equal lengths keep their order, so that batches are the same on every machine.
  const order = sizes.map((_, i) => i).sort((a, b) => length(b) - length(a) || a - b);
  const batches: number[][] = [];
  let current: number[] = [];
  let scored = 0;
  for (const i of order) {
    const own = (sizes[i] as ReadingSize).scored;
    const padded = length(current[0] ?? i) * sizeAtLeast(current.length + 1);
    if (current.length > 0 && (padded > limit || scored + own > maxScored)) {
      batches.push(current);
      current = [];
      scored = 0;
    }
    current.push(i);
    scored += own;
  }
  if (current.length > 0) batches.push(current);
  return batches;
}
