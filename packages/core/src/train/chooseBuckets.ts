/** Options of {@link chooseBuckets}. */
export interface BucketOptions {
  /** Number of sequences per batch. */
  readonly batchSize: number;
  /** Maximum number of sizes. @default 6 */
  readonly most?: number;
  /** Expected waste at which fewer sizes are enough. @default 0.15 */
  readonly waste?: number;
}

/** Sizes to which batches are padded. */
export interface Buckets {
  /** Sizes in tokens, ascending; the last is the longest length. */
  readonly sizes: readonly number[];
  /**
   * Expected fraction of positions that padding to the sizes adds, compared with padding each batch to its
   * own longest sequence.
   */
  readonly waste: number;
}

/**
 * Chooses the fewest sizes whose expected waste is at most `waste`, or `most` sizes if none are enough. The
 * choice is optimal for its number of sizes.
 *
 * @param groups lengths of sequences, in tokens; at least one. A batch is drawn from one group, with
 *   probability proportional to its number of lengths: a group per task, or one for batches that mix tasks
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

  // Dynamic programme: covers[j] serves lengths up to j with the sizes of one round; a round adds a size.
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

/** Optimal sizes for all lengths up to one of them. */
interface Cover {
  /** Expected padded length, with longer batches counted as 0. */
  readonly padded: number;
  /** Index of the largest size. */
  readonly last: number;
  /** Sizes below. */
  readonly shorter?: Cover;
}

function sizesOf({ last, shorter }: Cover): number[] {
  return [...(shorter ? sizesOf(shorter) : []), last];
}

/**
 * Distribution of a batch's longest sequence: all lengths, ascending, and the probability that no sequence
 * of the batch is longer, which is that of one sequence to the power of the batch size.
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
