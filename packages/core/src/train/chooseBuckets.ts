/** Options of {@link chooseBuckets}. */
export interface BucketOptions {
  /** Sequences per batch. */
  readonly batchSize: number;
  /** The most sizes to choose. @default 6 */
  readonly most?: number;
  /** The waste that is good enough to choose fewer. @default 0.15 */
  readonly waste?: number;
}

/** Sizes to pad batches to. */
export interface Buckets {
  /** In ascending order; the last one is the longest length. */
  readonly sizes: readonly number[];
  /**
   * The share of positions, expected over batches, that would not be there if each batch were
   * padded to its own longest sequence.
   */
  readonly waste: number;
}

/**
 * Chooses the fewest sizes to pad batches to with which the expected waste is at most `waste`, or
 * `most` sizes where that cannot be had. No other sizes of that number waste less.
 *
 * @param groups lengths of sequences, in tokens, of which at least one is given. A batch is drawn
 *   from one group, whose chance is its share of all lengths: a group per task, or a single one
 *   for batches that mix tasks
 */
export function chooseBuckets(
  groups: readonly (readonly number[])[],
  { batchSize, most = 6, waste = 0.15 }: BucketOptions,
): Buckets {
  const { lengths, upTo } = longestInBatch(groups, batchSize);
  const expected = lengths.reduce(
    (sum, length, i) => sum + length * ((upTo[i] ?? 0) - (upTo[i - 1] ?? 0)),
    0,
  );
  const wasteOf = ({ padded }: Cover) => Math.max(0, 1 - expected / padded);

  // covers[j] serves the lengths up to j with the sizes of one round; a round adds one size.
  let covers = lengths.map((length, j): Cover => ({ padded: length * (upTo[j] ?? 0), last: j }));
  let best = covers.at(-1) as Cover;
  for (let count = 2; count <= most && wasteOf(best) > waste; count++) {
    const before = covers;
    covers = lengths.map((length, j) => {
      let cover = before[j] as Cover;
      for (let i = 0; i < j; i++) {
        const shorter = before[i] as Cover;
        const padded = shorter.padded + length * ((upTo[j] ?? 0) - (upTo[i] ?? 0));
        if (padded < cover.padded) cover = { padded, last: j, shorter };
      }
      return cover;
    });
    best = covers.at(-1) as Cover;
  }
  return { sizes: sizesOf(best).map((i) => lengths[i] as number), waste: wasteOf(best) };
}

/** The best sizes for all lengths up to one of them. */
interface Cover {
  /** Expected padded length, where longer batches count as 0. */
  readonly padded: number;
  /** Index of the largest size. */
  readonly last: number;
  /** The sizes below. */
  readonly shorter?: Cover;
}

function sizesOf({ last, shorter }: Cover): number[] {
  return [...(shorter ? sizesOf(shorter) : []), last];
}

/**
 * The distribution of a batch's longest sequence: all lengths in ascending order, and the chance
 * that none in the batch is longer. The chance is that of one sequence to the power of their number.
 */
function longestInBatch(groups: readonly (readonly number[])[], batchSize: number) {
  const lengths = [...new Set(groups.flat())].sort((a, b) => a - b);
  const total = groups.reduce((sum, { length }) => sum + length, 0);
  const upTo = lengths.map(() => 0);
  for (const group of groups) {
    const counts = new Map<number, number>();
    for (const length of group) counts.set(length, (counts.get(length) ?? 0) + 1);
    let below = 0;
    lengths.forEach((length, i) => {
      below += counts.get(length) ?? 0;
      upTo[i] = (upTo[i] ?? 0) + (group.length / total) * (below / group.length || 0) ** batchSize;
    });
  }
  return { lengths, upTo };
}
