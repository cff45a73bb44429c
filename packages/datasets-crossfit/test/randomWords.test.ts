import { describe, expect, onTestFinished, test, vi } from "vitest";
import { readEpisodes, samplerOf } from "./support/episodes.js";
import { temporaryFolder } from "./support/files.js";
import { textsOf } from "./support/letters.js";
import { poolOf } from "./support/pool.js";
import { openTarget, row, targetRoot } from "./support/targets.js";

/** The words that stand for the labels `x` and `y` of a pool's tasks: even rows had x, odd ones y. */
async function wordsOf(root: string, options: Parameters<typeof samplerOf>[1] = {}) {
  const sampler = await samplerOf(root, { trainLabels: "random-words", batchSize: 12, ...options });
  const words: Record<string, Set<string>> = {};
  for (const text of readEpisodes(sampler)[0]?.query ?? []) {
    const [input = "", label = ""] = text.split(" ");
    const was = `${input[0]}, ${Number(input.slice(1)) % 2 === 0 ? "x" : "y"}`;
    words[was] = (words[was] ?? new Set()).add(label);
  }
  return Object.fromEntries(Object.entries(words).map(([was, set]) => [was, [...set]]));
}

describe("random English labels", () => {
  test("are one word for each label of a task, and other ones in another task", async () => {
    const words = await wordsOf(poolOf({ a: 6, b: 6 }));
    expect(Object.keys(words).toSorted()).toEqual(["a, x", "a, y", "b, x", "b, y"]);
    for (const labels of Object.values(words))
      expect(labels).toEqual([expect.stringMatching(/^[a-z]{2,}$/)]);
    expect(new Set(Object.values(words).flat()).size).toBe(4);
  });

  test("do not depend on the run's seed, the epoch or the cache", async () => {
    vi.stubEnv("METALEARN_CACHE", temporaryFolder());
    onTestFinished(() => void vi.unstubAllEnvs());
    const root = poolOf({ a: 6, b: 6 });
    const words = await wordsOf(root);
    expect(await wordsOf(root, { seed: 2 })).toEqual(words);
    const original = { trainLabels: "original", cache: true } as const;
    expect(await wordsOf(root, original)).toMatchObject({ "a, x": ["x"], "a, y": ["y"] });
    for (let i = 0; i < 2; i++) expect(await wordsOf(root, { cache: true })).toEqual(words);
  });

  const files = {
    "1_13_train": [row("a", " x")],
    "1_13_test": [row("b", "y"), { ...row("c"), output: ["y", "x"] }],
  };

  test("of a target are the same in demonstrations, options and gold answers", async () => {
    const target = await openTarget(targetRoot(files), { shots: 1, targetLabels: "random-words" });
    const [one, two] = await target.questions(13);
    const [x = "", y = ""] = one?.options ?? [];
    expect(x).not.toBe(y);
    expect([x, y]).not.toEqual(["x", "y"]);
    expect(one?.sequences.map(textsOf)).toEqual([
      [`a ${x} b`, ` ${x}`],
      [`a ${x} b`, ` ${y}`],
    ]);
    expect([one?.gold, two?.gold]).toEqual([[y], [y, x]]);
  });

  test("of targets do not follow from those of training tasks", async () => {
    const target = await openTarget(targetRoot(files), { shots: 1, trainLabels: "random-words" });
    expect((await target.questions(13))[0]?.options).toEqual(["x", "y"]);
  });

  test("are no labels of tasks that ask about other options in every row", async () => {
    const root = targetRoot(files, "multi-choice");
    const target = await openTarget(root, { shots: 1, targetLabels: "random-words" });
    expect((await target.questions(13))[0]?.options).toEqual(["x", "y"]);
  });
});
