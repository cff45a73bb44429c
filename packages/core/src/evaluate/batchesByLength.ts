import { sizeAtLeast } from "../batch/sizeAtLeast.js";

/** Cost of reading one row. */
export interface ReadingSize {
  /** Number of tokens. */
  readonly length: number;
  /** Number of scored positions; each costs a row of logits. */
  readonly scored: number;
}

/** Maximum number of scored positions per batch: each costs a row of logits. */
const maxScored = 1024;

/**
 * Groups rows into batches of at most `limit` tokens, padding included, longest rows first. Rows are padded
 * to the longest of their batch, and the number of rows to one of few.
 *
 * @returns indices into `sizes` per batch
 */
export function batchesByLength(sizes: readonly ReadingSize[], limit: number): number[][] {
  const length = (i: number) => (sizes[i] as ReadingSize).length;
  // The sort is stable, so that batches are the same on every machine.
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
