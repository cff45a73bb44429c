import { describe, expect, test } from "vitest";
import {
  byteSize,
  compressionLevel,
  number,
  numbers,
  positiveNumber,
  wholeNumber,
  wholeNumbers,
} from "../src/flags.js";

describe("the value of a flag", () => {
  test.each<[(text: string) => unknown, string, unknown]>([
    [wholeNumber, "0", 0],
    [positiveNumber, "12", 12],
    [number, "-0.5", -0.5],
    [wholeNumbers, "1,2, 30", [1, 2, 30]],
    [numbers, "0.1,2", [0.1, 2]],
    [byteSize, "60M", 60_000_000],
    [byteSize, "2G", 2_000_000_000],
    [compressionLevel, "9", 9],
  ])("%o reads %j", (read, text, value) => {
    expect(read(text)).toEqual(value);
  });

  const seeds = "Expected whole numbers, such as 1,2,3.";
  test.each<[(text: string) => unknown, string, string]>([
    ...["", "1,", "1,,2", "-1", "1.5", "1e3", "one"].map(
      (text): [typeof wholeNumbers, string, string] => [wholeNumbers, text, seeds],
    ),
    [wholeNumber, "few", "Expected a whole number, such as 16."],
    [wholeNumber, "-1", "Expected a whole number, such as 16."],
    [positiveNumber, "0", "Expected a whole number of at least 1."],
    [number, " ", "Expected a number, such as 0.5."],
    [number, "Infinity", "Expected a number, such as 0.5."],
    [byteSize, "60MB", "Expected a size, such as 60M or 2G."],
    [byteSize, "0", "Expected a size, such as 60M or 2G."],
    [compressionLevel, "10", "Expected 0 for no compression to 9 for small."],
  ])("%o refuses %j", (read, text, message) => {
    expect(() => read(text)).toThrow(message);
  });
});
