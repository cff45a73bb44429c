import { type EpisodeShape, isOptionBatch, type OptionBatch } from "@metalearn/core";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { samplerOf } from "./support/episodes.js";
import { temporaryFolder, writeFiles } from "./support/files.js";
import { letterTokenizer } from "./support/letters.js";

const rows = (task: string, options: readonly string[], count = 4) =>
  Array.from({ length: count }, (_, i) => ({
    task,
    input: `${task}${i}`,
    output: options[i % options.length] ?? "free",
    options,
  }));

/** Task `a` has labels of one letter, `b` longer ones, `c` free-form answers. */
const root = () =>
  writeFiles({
    "config/s.json": { train: ["a", "b", "c"], test: [], unseen_domain_test: [] },
    "config/tasks/a.json": { task_type: "classification", options: ["x", "y"] },
    "config/tasks/b.json": { task_type: "multi-choice", options: null },
    "config/tasks/c.json": { task_type: "free-form", options: null },
    "a/a_16384_100_train.jsonl": rows("a", ["x", "y"]),
    "b/b_16384_100_train.jsonl": rows("b", ["no", "yes", "nil"]),
    "c/c_16384_100_train.jsonl": rows("c", []),
  });

const shape: EpisodeShape = {
  tasks: 1,
  support: 0,
  query: 1,
  querySource: "same-task",
  unit: "task",
  answers: "options",
};

/** Texts that a batch reads, and the options that it scores, by example. */
function read(batch: OptionBatch) {
  const ids = batch.scoredIds.arraySync();
  const mask = batch.optionMask.arraySync();
  return {
    rows: batch.inputIds
      .arraySync()
      .map((row) => letterTokenizer.decode(row.filter((id) => id > 0))),
    options: batch.optionTokens
      .arraySync()
      .map((own, e) =>
        own.map((tokens, o) =>
          letterTokenizer.decode(
            tokens.flatMap((i, t) => (mask[e]?.[o]?.[t] ? [ids[i] ?? 0] : [])),
          ),
        ),
      ),
    gold: batch.gold.arraySync(),
  };
}

describe("episodes with all options", () => {
  test("ask each row with each option, after demonstrations with their answers", async () => {
    const sampler = await samplerOf(root(), { shots: 1, batchSize: 2 });
    for (let i = 0; i < 12; i++) {
      const [episode] = sampler.next(shape);
      if (!episode || !isOptionBatch(episode.query)) throw new Error("no options");
      const { rows, options, gold } = read(episode.query);
      const [task] = episode.tasks;
      expect(["a", "b"]).toContain(task); // never c
      if (task === "b") {
        expect(options.flat().toSorted()).toEqual(["nil", "nil", "no", "no", "yes", "yes"]);
        continue;
      }
      // Space style: " x" and " y" begin alike, and so one row "a3 y a0 " serves both.
      expect(options).toEqual([
        ["x", "y"],
        ["x", "y"],
      ]);
      rows.forEach((text, example) => {
        const [shown = "", label, asked = "", end] = text.split(" ");
        expect(label).toBe(Number(shown[1]) % 2 === 0 ? "x" : "y");
        expect(gold[example]).toBe(Number(asked[1]) % 2);
        expect([shown === asked, end]).toEqual([false, ""]);
      });
    }
  });

  test("are the same when tokens come from the cache", async () => {
    vi.stubEnv("METALEARN_CACHE", temporaryFolder());
    onTestFinished(() => void vi.unstubAllEnvs());
    const folder = root();
    const episodes = async (cache: boolean) => {
      const sampler = await samplerOf(folder, { shots: 2, batchSize: 2, cache });
      return Array.from({ length: 4 }, () => read(sampler.next(shape)[0]?.query as OptionBatch));
    };
    const expected = await episodes(false);
    for (let i = 0; i < 2; i++) expect(await episodes(true)).toEqual(expected);
  });

  test("are of one task each", async () => {
    const sampler = await samplerOf(root());
    expect(() => sampler.next({ ...shape, unit: "mixture" })).toThrow(
      /\[BAD_OPTION\] Batches with all options come from one task each/,
    );
  });

  test("need a task that has options", async () => {
    const free = writeFiles({
      "config/s.json": { train: ["c"], test: [], unseen_domain_test: [] },
      "config/tasks/c.json": { task_type: "free-form", options: null },
      "c/c_16384_100_train.jsonl": rows("c", []),
    });
    const sampler = await samplerOf(free);
    expect(() => sampler.next(shape)).toThrow(
      /\[BAD_OPTION\] All training tasks have free-form answers/,
    );
  });
});
