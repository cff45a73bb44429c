import { expect, test } from "vitest";
import { counted } from "../src/text/counted.js";

test.each([
  [0, "0 tasks"],
  [1, "1 task"],
  [2, "2 tasks"],
  [1200, "1,200 tasks"],
])("%d takes the noun in the right number", (count, text) => {
  expect(counted(count, "task")).toBe(text);
});

test("a noun may have a plural of its own", () => {
  expect([1, 2].map((count) => counted(count, "batch", "batches"))).toEqual([
    "1 batch",
    "2 batches",
  ]);
});
