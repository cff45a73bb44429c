import { describe, expect, test } from "vitest";
import { randomFor } from "../src/random.js";
import { chooseBuckets } from "../src/train/chooseBuckets.js";

/** All batches that can be drawn, each with its chance, by their longest sequence. */
function allBatches(groups: readonly (readonly number[])[], batchSize: number) {
  const total = groups.flat().length;
  return groups.flatMap((group) => {
    let batches: number[][] = [[]];
    for (let i = 0; i < batchSize; i++) {
      batches = batches.flatMap((batch) => group.map((length) => [...batch, length]));
    }
    const chance = group.length / total / batches.length;
    return batches.map((batch) => ({ longest: Math.max(...batch), chance }));
  });
}

/** Waste as defined: positions over the batches' own, as a share of all. */
function wasteOf(
  sizes: readonly number[],
  groups: readonly (readonly number[])[],
  batchSize: number,
) {
  let [own, padded] = [0, 0];
  for (const { longest, chance } of allBatches(groups, batchSize)) {
    own += chance * longest;
    padded += chance * Math.min(...sizes.filter((size) => size >= longest));
  }
  return 1 - own / padded;
}

/** The least waste that any `count` of the lengths give. */
function leastWaste(groups: readonly (readonly number[])[], batchSize: number, count: number) {
  const lengths = [...new Set(groups.flat())];
  const longest = Math.max(...lengths);
  let subsets: number[][] = [[]];
  for (const length of lengths) {
    subsets = subsets.flatMap((subset) => [subset, [...subset, length]]);
  }
  const covering = subsets.filter((s) => s.length <= count && s.includes(longest));
  return Math.min(...covering.map((sizes) => wasteOf(sizes, groups, batchSize)));
}

describe("chooseBuckets", () => {
  const random = randomFor("buckets");
  const drawGroups = (count: number) =>
    Array.from({ length: count }, () =>
      Array.from({ length: 1 + random.integer(5) }, () => 1 + random.integer(30)),
    );
  const cases = Array.from({ length: 40 }, (_, i) => ({
    groups: drawGroups(1 + (i % 3)),
    batchSize: 1 + random.integer(3),
    most: 1 + random.integer(4),
  }));

  test.each(cases)("wastes no more than any other choice: %j", ({ groups, batchSize, most }) => {
    const { sizes, waste } = chooseBuckets(groups, { batchSize, most, waste: 0 });
    expect(sizes.length).toBeLessThanOrEqual(most);
    expect(sizes).toEqual([...sizes].sort((a, b) => a - b));
    expect(waste).toBeCloseTo(wasteOf(sizes, groups, batchSize), 10);
    expect(waste).toBeCloseTo(leastWaste(groups, batchSize, most), 10);
  });

  test.each(cases)("takes no more sizes than are needed: %j", ({ groups, batchSize }) => {
    const { sizes, waste } = chooseBuckets(groups, { batchSize });
    expect(waste <= 0.15 || sizes.length === 6).toBe(true);
    if (sizes.length > 1) {
      expect(leastWaste(groups, batchSize, sizes.length - 1)).toBeGreaterThan(0.15);
    }
  });

  test("knows that batches of one task are shorter than batches of all tasks", () => {
    const byTask = [Array<number>(50).fill(100), Array<number>(50).fill(1000)];
    // A batch of eight from both tasks is almost surely 1000 long, one of a task half the time.
    expect(chooseBuckets([byTask.flat()], { batchSize: 8 }).sizes).toEqual([1000]);
    expect(chooseBuckets(byTask, { batchSize: 8 })).toEqual({ sizes: [100, 1000], waste: 0 });
  });

  test("gives one size to sequences of one length", () => {
    expect(chooseBuckets([[67, 67, 67]], { batchSize: 4 })).toEqual({ sizes: [67], waste: 0 });
  });
});
