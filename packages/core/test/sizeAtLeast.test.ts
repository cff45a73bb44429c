import { expect, test } from "vitest";
import { sizeAtLeast } from "../src/batch/sizeAtLeast.js";

test("sizes hold what they are for, with less than an eighth of padding, and are few", () => {
  const counts = Array.from({ length: 1024 }, (_, i) => i + 1);
  for (const count of counts) {
    expect(sizeAtLeast(count)).toBeGreaterThanOrEqual(count);
    expect(sizeAtLeast(count) - count).toBeLessThan(sizeAtLeast(count) / 8);
    expect(sizeAtLeast(sizeAtLeast(count))).toBe(sizeAtLeast(count));
  }
  // 1 to 16, then 8 for each of 6 doublings.
  expect(new Set(counts.map(sizeAtLeast)).size).toBe(16 + 6 * 8);
});
