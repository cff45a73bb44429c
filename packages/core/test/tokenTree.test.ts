import { describe, expect, test } from "vitest";
import { tokenTree, treeBatch } from "../src/batch/tokenTree.js";

// Options "20 21" and "20 22 23" after the input "10 11", and 5 tokens before it.
const before = [1, 2, 3, 4, 5];
const tree = tokenTree(
  [
    { ids: [...before, 10, 11, 20, 21], scoredFrom: 7 },
    { ids: [...before, 10, 11, 20, 22, 23], scoredFrom: 7 },
  ],
  5,
);

describe("tokenTree", () => {
  test("has what sequences share once, and not their last tokens", () => {
    expect(tree.ids).toEqual([10, 11, 20, 22]);
    expect(tree.positions).toEqual([5, 6, 7, 8]);
    expect(tree.branches).toEqual([0, 0, 0, 2]);
  });

  test("knows where each scored token is predicted", () => {
    // 20 after 11; 21 and 22 after 20; 23 after 22.
    expect(tree.answers).toEqual([
      [
        { id: 20, time: 1 },
        { id: 21, time: 2 },
      ],
      [
        { id: 20, time: 1 },
        { id: 22, time: 2 },
        { id: 23, time: 3 },
      ],
    ]);
  });

  test("puts branches side by side, each at the positions of its own sequence", () => {
    const { ids, positions, branches, answers } = tokenTree(
      [
        { ids: [1, 2, 3, 9], scoredFrom: 3 },
        { ids: [1, 4, 5, 9], scoredFrom: 3 },
      ],
      0,
    );
    expect(ids).toEqual([1, 2, 3, 4, 5]);
    expect(positions).toEqual([0, 1, 2, 1, 2]);
    expect(branches).toEqual([0, 1, 1, 2, 2]);
    expect(answers).toEqual([[{ id: 9, time: 2 }], [{ id: 9, time: 4 }]]);
  });

  test("does not score a very first token", () => {
    const { ids, answers } = tokenTree([{ ids: [1, 2, 3], scoredFrom: 0 }], 0);
    expect(ids).toEqual([1, 2]);
    expect(answers).toEqual([
      [
        { id: 2, time: 0 },
        { id: 3, time: 1 },
      ],
    ]);
  });
});

describe("treeBatch", () => {
  test("lists every prediction once and every answer of it", () => {
    const short = tokenTree([{ ids: [8, 9], scoredFrom: 1 }], 0);
    const batch = treeBatch([tree, short]);
    const arrays = Object.fromEntries(
      Object.entries(batch).map(([name, tensor]) => [name, tensor.arraySync()]),
    );
    expect(arrays).toEqual({
      inputIds: [
        [10, 11, 20, 22],
        [8, 0, 0, 0],
      ],
      positions: [
        [5, 6, 7, 8],
        [0, 0, 0, 0],
      ],
      branches: [
        [0, 0, 0, 2],
        [0, 0, 0, 0],
      ],
      queryTimes: [
        [1, 2, 3],
        [0, 0, 0],
      ],
      scoredQueries: [0, 1, 2, 3],
      scoredPositions: [1, 2, 3, 4],
      answers: [
        [0, 20],
        [1, 21],
        [0, 20],
        [1, 22],
        [2, 23],
        [3, 9],
      ],
    });
  });

  test("comes in few shapes", () => {
    const many = Array.from({ length: 17 }, (_, i) =>
      tokenTree([{ ids: Array(35).fill(i), scoredFrom: 34 }], 0),
    );
    const { inputIds, queryTimes, scoredPositions, answers } = treeBatch(many);
    expect(inputIds.shape).toEqual([18, 36]); // for 17 rows of 34 tokens
    expect(queryTimes.shape).toEqual([18, 1]);
    expect(scoredPositions.shape).toEqual([18]);
    expect(answers.shape).toEqual([18, 2]);
  });
});
