import { describe, expect, test } from "vitest";
import {
  crossedBootstrap,
  pairedDifferences,
  signFlipTest,
} from "../src/report/pairedDifferences.js";
import { comparedRun, type RunFields } from "./support/comparedRun.js";

/** Twenty draws from the normal distribution with mean 0.04 and deviation 0.1. */
const drawn = [
  0.04, 0.07, 0.013, -0.049, -0.005, -0.059, 0.046, 0.174, -0.009, -0.022, 0.089, 0.076, 0.051,
  -0.053, 0.037, 0.11, -0.094, -0.006, -0.15, -0.089,
];

describe("the sign-flip test", () => {
  test("is exact for few differences", () => {
    // Of the 8 sign patterns, only +++ and --- are as far from 0 as 1 + 2 + 3.
    expect(signFlipTest([1, 2, 3], [])).toBe(2 / 8);
    // -1 + 2 = 1: every pattern is at least as far.
    expect(signFlipTest([-1, 2], [])).toBe(1);
    expect(signFlipTest([0, 0, 0], [])).toBe(1);
    // scipy 1.17: permutation_test((d,), mean, permutation_type="samples", n_resamples=inf)
    expect(signFlipTest([0.12, -0.03, 0.25, 0.08, 0.01, -0.11, 0.3, 0.05], [])).toBe(0.1484375);
  });

  test("is close to exact for many, and the same every time", () => {
    const p = signFlipTest(drawn, ["a"]);
    // scipy's, over all 2^20 patterns; the deviation of 20,000 flips is 0.0034.
    expect(Math.abs(p - 0.6337356567382812)).toBeLessThan(0.012);
    expect(signFlipTest(drawn, ["a"])).toBe(p);
  });

  test("never finds that something is impossible", () => {
    const all = Array.from({ length: 40 }, () => 0.5);
    expect(signFlipTest(all, [])).toBe(1 / 20_001);
  });
});

describe("the bootstrap interval", () => {
  test("of one seed is that over tasks", () => {
    const { low, high } = crossedBootstrap(
      drawn.map((difference) => [difference]),
      ["a"],
    );
    // scipy 1.17: bootstrap((d,), mean, n_resamples=1_000_000, method="percentile")
    expect(Math.abs(low - -0.0249)).toBeLessThan(0.0012);
    expect(Math.abs(high - 0.0418)).toBeLessThan(0.0012);
  });

  test("is wider where seeds differ too, which no number of tasks can mend", () => {
    // Every task is 0.1 better with one seed and 0.1 worse with the other: both seeds are drawn as
    // one of the two in half of the resamples, and a quarter each has its -0.1 and 0.1.
    const table = Array.from({ length: 50 }, () => [0.1, -0.1]);
    const { low, high } = crossedBootstrap(table, []);
    expect(low).toBeCloseTo(-0.1, 12);
    expect(high).toBeCloseTo(0.1, 12);
  });
});

/** Runs of methods by name. */
const differencesOf = (...runs: RunFields[]) => {
  const names = [...new Set(runs.map(({ name = "" }) => name))];
  return pairedDifferences(
    new Map(
      names.map(
        (name) => [name, runs.filter((run) => run.name === name).map(comparedRun)] as const,
      ),
    ),
  );
};

describe("the difference of two methods", () => {
  test("is averaged over what both have: tasks, training seeds, demonstrations", () => {
    const [all, unseen] = differencesOf(
      { name: "a", seed: 1, tasks: { x: { 100: 0.5, 13: 0.25 }, unseen: { 100: 0.5, 13: 0.5 } } },
      { name: "a", seed: 2, tasks: { x: { 100: 0.25, 13: 0.25 }, unseen: { 100: 0, 13: 0 } } },
      { name: "b", seed: 2, tasks: { x: { 100: 1, 13: 0.5 }, unseen: { 100: 0.25, 13: 0.25 } } },
      { name: "b", seed: 1, tasks: { x: { 100: 1, 21: 0 }, unseen: { 100: 1, 13: 0 } } },
      { name: "b", seed: 3, tasks: { x: { 100: 0 }, unseen: { 100: 0 } } },
    );
    // x: seed 1 has one set in common, 0.5; seed 2 has 0.75 and 0.25, so 0.5. unseen: 0 and 0.25.
    expect(all).toMatchObject({ method: "b", baseline: "a", scope: "all", tasks: 2, seeds: 2 });
    expect(all?.difference).toBeCloseTo((0.5 + 0.125) / 2, 12);
    expect(all?.pValue).toBe(0.5); // both signs alike: 2 of 4 patterns
    expect(unseen).toEqual({
      method: "b",
      baseline: "a",
      scope: "unseen",
      tasks: 1,
      seeds: 2,
      difference: 0.125, // and no interval of one task
    });
  });

  test("is of averages where no training seed is shared", () => {
    const [all] = differencesOf(
      { name: "untrained", seed: 100, tasks: { x: { 1: 0.5 }, y: { 1: 0.5 } } },
      { name: "maml", seed: 1, tasks: { x: { 1: 0.75 }, y: { 1: 1 } } },
      { name: "maml", seed: 2, tasks: { x: { 1: 0.5 }, y: { 1: 0.5 } } },
    );
    expect(all).toMatchObject({ seeds: 0, tasks: 2, difference: (0.125 + 0.25) / 2 });
  });

  test("has p-values that Holm's method corrects for the number of pairs", () => {
    // Differences over 3 tasks: b - a = (1, 1, 1), p 2/8; c - a = (1, 0, 0), p 1; c - b, p 4/8.
    const found = differencesOf(
      { name: "a", tasks: { x: { 1: 0 }, y: { 1: 0 }, z: { 1: 0 } } },
      { name: "b", tasks: { x: { 1: 1 }, y: { 1: 1 }, z: { 1: 1 } } },
      { name: "c", tasks: { x: { 1: 1 }, y: { 1: 0 }, z: { 1: 0 } } },
    );
    const values = found.map(({ method, baseline, pValue, adjustedPValue }) => [
      `${method} - ${baseline}`,
      pValue,
      adjustedPValue,
    ]);
    expect(values).toEqual([
      ["b - a", 0.25, 0.75], // times 3
      ["c - a", 1, 1],
      ["c - b", 0.5, 1], // times 2
    ]);
  });
});
