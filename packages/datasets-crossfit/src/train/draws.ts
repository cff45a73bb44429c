import type { Random } from "@metalearn/core";

/**
 * `count` different whole numbers below `end`, none of them in `taken`, in random order.
 *
 * @throws RangeError when there are too few
 */
export function drawDistinct(
  random: Random,
  count: number,
  end: number,
  taken: ReadonlySet<number> = new Set(),
): number[] {
  if (count > end - taken.size) {
    throw new RangeError(`cannot draw ${count} different numbers from ${end - taken.size}`);
  }
  // Drawing again is cheaper than listing all candidates: `count` is mostly far below `end`.
  const drawn = new Set<number>();
  while (drawn.size < count) {
    const candidate = random.integer(end);
    if (!taken.has(candidate)) drawn.add(candidate);
  }
  return [...drawn];
}

/** Draws an index of `weights` with a probability proportional to its weight, a whole number. */
export function drawWeighted(random: Random, weights: readonly number[]): number {
  let rest = random.integer(weights.reduce((sum, weight) => sum + weight, 0));
  return weights.findIndex((weight) => {
    rest -= weight;
    return rest < 0;
  });
}
