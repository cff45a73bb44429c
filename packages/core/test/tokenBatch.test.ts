import { describe, expect, test } from "vitest";
import { bucketedTokenBatch, scoredCount, tokenBatch } from "../src/batch/tokenBatch.js";

const arrays = (batch: ReturnType<typeof tokenBatch>) =>
  Object.fromEntries(Object.entries(batch).map(([name, tensor]) => [name, tensor.arraySync()]));

describe("tokenBatch", () => {
  test("pads on the right and lists where scored tokens are predicted", () => {
    const batch = tokenBatch([
      { ids: [5, 6, 7, 8], scoredFrom: 2 },
      { ids: [9, 10], scoredFrom: 1 },
    ]);
    // Token 7 of the first sequence is predicted at its position 1, token 8 at 2; token 10 of the
    // second at position 0, which is 4 in the flattened batch.
    expect(arrays(batch)).toEqual({
      inputIds: [
        [5, 6, 7, 8],
        [9, 10, 0, 0],
      ],
      scoredPositions: [1, 2, 4],
      // The second sequence predicts once, so that its second place is filled with a zero.
      queryTimes: [
        [1, 2],
        [0, 0],
      ],
      scoredQueries: [0, 1, 2],
      scoredIds: [7, 8, 10],
      scoredWeights: [0.25, 0.25, 0.5],
    });
  });

  test("does not score a first token, which nothing predicts", () => {
    const sequence = { ids: [1, 2, 3], scoredFrom: 0 };
    expect(scoredCount(sequence)).toBe(2);
    expect(tokenBatch([sequence]).scoredIds.arraySync()).toEqual([2, 3]);
  });

  test("refuses a sequence of which nothing is scored", () => {
    expect(() => tokenBatch([{ ids: [1, 2], scoredFrom: 2 }])).toThrow(
      "[BAD_DATA] Sequence 0 of the batch (2 tokens) has no scored token after its first one.",
    );
  });

  test("refuses an empty batch", () => {
    expect(() => tokenBatch([])).toThrow("[BAD_DATA] A batch needs at least one token sequence.");
  });

  test("pads to sizes that are asked for with entries that weigh nothing", () => {
    const sequences = [
      { ids: [5, 6, 7], scoredFrom: 1 },
      { ids: [9, 10], scoredFrom: 1 },
    ];
    expect(arrays(tokenBatch(sequences, { rows: 3, time: 4, queries: 3, scored: 5 }))).toEqual({
      inputIds: [
        [5, 6, 7, 0],
        [9, 10, 0, 0],
        [0, 0, 0, 0],
      ],
      scoredPositions: [0, 1, 4, 0, 0],
      queryTimes: [
        [0, 1, 0],
        [0, 0, 0],
        [0, 0, 0],
      ],
      scoredQueries: [0, 1, 3, 0, 0],
      scoredIds: [6, 7, 10, 0, 0],
      scoredWeights: [0.25, 0.25, 0.5, 0, 0],
    });
  });

  test.each([
    [{ rows: 1 }, "1 sequences was asked for, but it has 2"],
    [{ time: 2 }, "2 tokens per sequence was asked for, but it has 3"],
    [{ queries: 1 }, "1 scored tokens per sequence was asked for, but it has 2"],
    [{ scored: 2 }, "2 scored tokens was asked for, but it has 3"],
  ])("refuses sizes that are too small: %j", (sizes, problem) => {
    const sequences = [
      { ids: [5, 6, 7], scoredFrom: 1 },
      { ids: [9, 10], scoredFrom: 1 },
    ];
    expect(() => tokenBatch(sequences, sizes)).toThrow(
      `[SHAPE_MISMATCH] A batch padded to ${problem}.`,
    );
  });
});

describe("bucketedTokenBatch", () => {
  const shapeOf = (length: number, scored: number, lengths: readonly number[]) => {
    const ids = Array.from({ length }, (_, i) => i + 1);
    const batch = bucketedTokenBatch([{ ids, scoredFrom: length - scored }], lengths);
    return [batch.inputIds.shape[1], batch.scoredIds.size];
  };

  test.each([
    [9, [10, 20], 10],
    [10, [10, 20], 10],
    [11, [10, 20], 20],
    [21, [10, 20], 21],
  ])("pads %i tokens to the next of %j", (length, lengths, padded) => {
    expect(shapeOf(length, 1, lengths)[0]).toBe(padded);
  });

  test("has a power of two of scored positions, but not fewer than one in 32 tokens", () => {
    expect(shapeOf(20, 1, [20])[1]).toBe(8);
    expect(shapeOf(20, 8, [20])[1]).toBe(8);
    expect(shapeOf(20, 9, [20])[1]).toBe(16);
    expect(shapeOf(20, 1, [512])[1]).toBe(16);
    expect(shapeOf(20, 1, [520])[1]).toBe(32);
  });
});
