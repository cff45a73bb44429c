import { expect, test } from "vitest";
import { parseSeeds } from "../src/seeds.js";

test("seeds are read from a list", () => {
  expect(parseSeeds("1,2, 30")).toEqual([1, 2, 30]);
  expect(parseSeeds("0")).toEqual([0]);
});

test.each(["", "1,", "1,,2", "-1", "1.5", "1e3", "one"])("%j is no list of seeds", (text) => {
  expect(() => parseSeeds(text)).toThrow(
    `[BAD_OPTION] --seeds: expected whole numbers such as 1,2,3, got "${text}".`,
  );
});
