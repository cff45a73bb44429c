import { describe, expect, test } from "vitest";
import { scoredCount, tokenBatch } from "../src/index.js";

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
});
