import { describe, expect, onTestFinished, test, vi } from "vitest";
import { readEpisodes, rowsIn, samplerOf } from "./support/episodes.js";
import { temporaryFolder } from "./support/files.js";
import { poolOf, rowsRoot } from "./support/pool.js";

/** The sequences of some epochs over a pool of 12 rows, by the row that each ends in. */
async function epochs(count: number, options: Parameters<typeof samplerOf>[1]) {
  const sampler = await samplerOf(poolOf({ a: 5, b: 7 }), { batchSize: 12, shots: 3, ...options });
  return Array.from({ length: count }, () => {
    const sequences = readEpisodes(sampler)[0]?.query ?? [];
    return new Map(sequences.map((sequence) => [rowsIn([sequence])[0] ?? "", sequence]));
  });
}

/** The rows that a sequence shows before the one it ends in. */
function shown(sequence: string): string[] {
  return sequence.split(" ").filter((_, i, words) => i % 2 === 0 && i < words.length - 2);
}

describe("demonstrations of a training row", () => {
  test("are different other rows of its task, with their answers", async () => {
    const [sequences] = await epochs(1, {});
    expect(sequences?.size).toBe(12);
    for (const [row, sequence] of sequences ?? []) {
      const rows = shown(sequence);
      expect(new Set(rows).size).toBe(3);
      expect(rows).not.toContain(row);
      for (const other of rows) {
        expect(other[0]).toBe(row[0]);
        expect(sequence).toContain(`${other} ${Number(other.slice(1)) % 2 === 0 ? "x" : "y"}`);
      }
    }
  });

  test("stay the same in every epoch when fixed, whatever the order of draws", async () => {
    const [first, second] = await epochs(2, { demonstrations: "fixed" });
    expect(second).toEqual(first);
  });

  test("change with every draw when fresh", async () => {
    const [first, second] = await epochs(2, { demonstrations: "fresh" });
    const changed = [...(first ?? [])].filter(([row, sequence]) => second?.get(row) !== sequence);
    // 3 ordered rows out of 4 or 6 others: the same again with a chance of 1 in 24 or less.
    expect(changed.length).toBeGreaterThan(8);
  });

  test("are the rows with the most similar inputs when nearest, the most similar last", async () => {
    const inputs = ["red fox", "green tree frog", "red fox cub", "old tree", "red old fox cub"];
    const root = rowsRoot(inputs.map((input) => ({ input, output: "x" })));
    onTestFinished(() => void vi.unstubAllEnvs());
    for (const cache of [false, true]) {
      vi.stubEnv("METALEARN_CACHE", temporaryFolder());
      const read = async () => {
        const options = { shots: 2, demonstrations: "nearest", cache, batchSize: 5 } as const;
        return readEpisodes(await samplerOf(root, options))[0]?.query.toSorted();
      };
      // Shared words, by row: 0 with 2 and 4 (two each, of which 2 is shorter), 2 with 4 (three) and
      // 0 (two), 4 with 2 (three) and 0 (two) or 3; 1 with 3 and 3 with 1 and 4 (one each, 4 longer).
      const sequences = await read();
      expect(sequences).toEqual(
        expect.arrayContaining([
          "red old fox cub x red fox cub x red fox x",
          "red fox x red old fox cub x red fox cub x",
          "red fox x red fox cub x red old fox cub x",
        ]),
      );
      expect(
        sequences?.filter((text) => text.endsWith("old tree x green tree frog x")),
      ).toHaveLength(1);
      expect(await read()).toEqual(sequences); // from the cache, where there is one
    }
  });

  test("depend on the seed of the run", async () => {
    const [one] = await epochs(1, { seed: 1 });
    const [two] = await epochs(1, { seed: 2 });
    expect(two).not.toEqual(one);
  });

  test("are all the other rows when there are just enough", async () => {
    const sampler = await samplerOf(poolOf({ a: 4 }), { batchSize: 1, shots: 3 });
    const [sequence = ""] = readEpisodes(sampler)[0]?.query ?? [];
    expect([...shown(sequence), ...rowsIn([sequence])].toSorted()).toEqual([
      "a0",
      "a1",
      "a2",
      "a3",
    ]);
  });

  test("are cut from the left at the longest sequence", async () => {
    // "a0 x" is 4 letters at the beginning and 5 later on, so that 4 rows are 19.
    const whole = await samplerOf(poolOf({ a: 4 }), { shots: 3, maxTokens: 19 });
    const cut = await samplerOf(poolOf({ a: 4 }), { shots: 3, maxTokens: 18 });
    const [sequence = ""] = readEpisodes(whole)[0]?.query ?? [];
    expect(sequence).toHaveLength(19);
    expect(readEpisodes(cut)[0]?.query).toEqual([sequence.slice(1)]);
  });
});

test("a task with too few rows for its demonstrations is named with its size", async () => {
  await expect(samplerOf(poolOf({ a: 20, b: 16, c: 3 }), { shots: 16 })).rejects.toThrow(
    /\[BAD_DATA\] With 16 shots every training task needs at least 17 rows, but these have fewer: b \(16\), c \(3\)/,
  );
});

test("the limited-data setting keeps the first rows of each task", async () => {
  const sampler = await samplerOf(poolOf({ a: 20, b: 2 }), { batchSize: 5, maxExamplesPerTask: 3 });
  const rows = rowsIn(readEpisodes(sampler)[0]?.query ?? []);
  expect(rows.toSorted()).toEqual(["a0", "a1", "a2", "b0", "b1"]);
});
