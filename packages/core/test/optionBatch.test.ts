import { describe, expect, test } from "vitest";
import { batchLoss } from "../src/batch/batchLoss.js";
import { isOptionBatch, type OptionExample, optionBatch } from "../src/batch/optionBatch.js";
import { tokenBatch } from "../src/batch/tokenBatch.js";
import { bigramModel, bigramParams } from "./support/bigramModel.js";

const params = bigramParams();

/** An example that asks what comes after `before`. */
function example(before: number[], options: number[][], gold: number): OptionExample {
  return {
    sequences: options.map((option) => ({
      ids: [...before, ...option],
      scoredFrom: before.length,
    })),
    gold,
  };
}

/** The probability of the right options, from the loss. */
function probability(examples: readonly OptionExample[], lengths?: readonly number[]): number {
  const batch = optionBatch(examples, lengths);
  return Math.exp(-Number(bigramModel.loss(params, batch).dataSync()[0]));
}

// Of the bigram model: p(. | 0) is 1/8, 1/8, 1/4, 1/2; p(. | 1) is 1/2, 1/8, 1/8, 1/4; p(. | 2) is
// 1/4, 1/2, 1/8, 1/8.
const oneToken = example([1, 0], [[1], [3]], 1); // 1/2 of 1/8 + 1/2
const twoTokens = example([0], [[1, 0], [3]], 1); // 1/2 of 1/8 * 1/2 + 1/2
const sameBeginning = example(
  [0],
  [
    [2, 1],
    [2, 0],
  ],
  0,
); // 1/2 of 1/2 + 1/4
const three = example([1], [[0], [1], [3]], 2); // 1/4 of 1/2 + 1/8 + 1/4

describe("the loss of a batch with options", () => {
  test.each([
    ["options of one token", oneToken, 4 / 5],
    ["options of different length", twoTokens, 8 / 9],
    ["options that begin alike", sameBeginning, 2 / 3],
    ["more than two options", three, 2 / 7],
  ])("is the softmax over %s", (_, given, expected) => {
    expect(probability([given])).toBeCloseTo(expected, 5);
  });

  test("is the mean over examples, however they are padded", () => {
    const all = [oneToken, twoTokens, sameBeginning, three];
    const expected = ((4 / 5) * (8 / 9) * (2 / 3) * (2 / 7)) ** (1 / 4);
    expect(probability(all)).toBeCloseTo(expected, 5);
    expect(probability(all, [7, 16])).toBeCloseTo(expected, 5);
  });

  test("compares what follows other labels when the options come first (channel)", () => {
    // After label 0 the input 3 has 1/2, after label 1 it has 1/4.
    const channel = [0, 1].map((label) => ({ ids: [2, label, 3], scoredFrom: 2 }));
    expect(probability([{ sequences: channel, gold: 0 }])).toBeCloseTo(2 / 3, 5);
  });
});

test("options that differ in their last token are read once", () => {
  const batch = optionBatch([oneToken, sameBeginning]);
  expect(batch.inputIds.arraySync()).toEqual([
    [1, 0],
    [0, 2],
  ]);
  expect(optionBatch([twoTokens]).inputIds.shape).toEqual([2, 2]);
});

test("padded batches have few shapes", () => {
  const { inputIds, scoredIds, optionTokens } = optionBatch([twoTokens, three], [4]);
  // Rows "0 1", "0" and "1"; 3 scored tokens and 3; 3 options of 2 tokens at most.
  expect([inputIds.shape, scoredIds.shape, optionTokens.shape]).toEqual([[4, 4], [8], [2, 4, 2]]);
});

test("an ordinary batch has the loss of its weights", () => {
  const batch = tokenBatch([{ ids: [0, 3], scoredFrom: 1 }]);
  expect(isOptionBatch(batch)).toBe(false);
  const loss = batchLoss(bigramModel.tokenLosses(params, batch), batch);
  expect(loss.dataSync()[0]).toBeCloseTo(Math.LN2, 6);
});

test.each([
  ["no example", [], "A batch needs at least one example."],
  ["one option", [example([0], [[1]], 0)], "Example 0 has 1 option, of which number 0 is right."],
  [
    "no right option",
    [example([0], [[1], [2]], -1)],
    "Example 0 has 2 options, of which number -1",
  ],
  ["an empty option", [example([0], [[], [2]], 1)], "An option of example 0 has no scored token"],
])("%s is refused", (_, examples, message) => {
  expect(() => optionBatch(examples)).toThrow(`[BAD_DATA] ${message}`);
});
