import { describe, expect, test } from "vitest";
import type { TokenSequence } from "../src/batch/tokenBatch.js";
import { planReading } from "../src/evaluate/planReading.js";

const demonstrations = Array.from({ length: 40 }, (_, i) => 100 + i);

/** Options of two tokens, of which the first is the same, after the demonstrations and a query. */
function ask(query: number[], before = demonstrations): TokenSequence[] {
  return [1, 2].map((option) => {
    const context = [...before, ...query];
    return { ids: [...context, 0, option], scoredFrom: context.length };
  });
}

const shape = (questions: TokenSequence[][]) =>
  planReading(questions).map(({ prefix, trees }) => ({
    prefix: prefix.length,
    trees: trees.map(({ ids, sequences }) => ({ tokens: ids.length, sequences })),
  }));

describe("planReading", () => {
  test("reads demonstrations once, then each query once for all options", () => {
    expect(shape([ask([5, 6]), ask([7, 8, 9])])).toEqual([
      {
        prefix: 40,
        trees: [
          { tokens: 3, sequences: [0, 1] },
          { tokens: 4, sequences: [2, 3] },
        ],
      },
    ]);
  });

  test("leaves the token that predicts the first scored one to the trees", () => {
    // Without a query the last demonstration token predicts.
    expect(shape([ask([]), ask([])])).toEqual([
      {
        prefix: 39,
        trees: [
          { tokens: 2, sequences: [0, 1] },
          { tokens: 2, sequences: [2, 3] },
        ],
      },
    ]);
  });

  test("keeps apart what truncation has moved", () => {
    const moved = ask([7, 8, 9], demonstrations.slice(1));
    expect(shape([ask([5, 6]), moved, ask([5])])).toEqual([
      { prefix: 0, trees: [{ tokens: 39 + 4, sequences: [2, 3] }] },
      {
        prefix: 40, // not 41, though both continue with 5: it predicts the answer of the second
        trees: [
          { tokens: 3, sequences: [0, 1] },
          { tokens: 2, sequences: [4, 5] },
        ],
      },
    ]);
  });

  test("reads short beginnings with each question", () => {
    const short = demonstrations.slice(0, 20);
    expect(shape([ask([5], short), ask([6], short)])).toEqual([
      {
        prefix: 0,
        trees: [
          { tokens: 22, sequences: [0, 1] },
          { tokens: 22, sequences: [2, 3] },
        ],
      },
    ]);
  });

  test("reads options one by one where a joint tree would have more pairs of tokens", () => {
    const long = [1, 2, 3].map((option) => ({
      ids: [9, ...Array(10).fill(option)],
      scoredFrom: 1,
    }));
    // Together 1 + 3 * 9 tokens, squared 784; apart 3 of 10, squared 300.
    expect(shape([long])).toEqual([
      {
        prefix: 0,
        trees: [0, 1, 2].map((i) => ({ tokens: 10, sequences: [i] })),
      },
    ]);
  });

  test("of nothing is nothing", () => {
    expect(planReading([])).toEqual([]);
  });
});
