import { describe, expect, test } from "vitest";
import { readEpisodes, rowsIn, samplerOf } from "./support/episodes.js";
import { poolOf } from "./support/pool.js";

const shape = { tasks: 1, support: 2, query: 1, unit: "task" } as const;

describe("episodes of one task each", () => {
  test("have different rows of one task in support and query", async () => {
    const sampler = await samplerOf(poolOf({ a: 6, b: 8 }), { batchSize: 2 });
    for (let i = 0; i < 30; i++) {
      const [episode] = readEpisodes(sampler, shape);
      expect(episode?.support.map((batch) => batch.length)).toEqual([2, 2]);
      const rows = rowsIn([...(episode?.support.flat() ?? []), ...(episode?.query ?? [])]);
      expect(new Set(rows).size).toBe(6);
      expect(new Set(rows.map((row) => row[0]))).toEqual(new Set(episode?.tasks));
      expect(episode?.tasks).toHaveLength(1);
    }
  });

  test("ask about one other task, which is no episode's support", async () => {
    const sampler = await samplerOf(poolOf({ a: 4, b: 4, c: 4 }), { batchSize: 2 });
    for (let i = 0; i < 30; i++) {
      const episodes = readEpisodes(sampler, { ...shape, tasks: 2, querySource: "other-tasks" });
      const supportTasks = new Set(
        episodes.flatMap(({ support }) => rowsIn(support.flat())).map((row) => row[0]),
      );
      for (const { tasks, query } of episodes) {
        const queryTasks = new Set(rowsIn(query).map((row) => row[0] ?? ""));
        expect(queryTasks.size).toBe(1);
        for (const task of queryTasks) expect(supportTasks).not.toContain(task);
        expect(tasks).toHaveLength(2);
        expect(tasks).toContain([...queryTasks][0]);
      }
    }
  });

  test("ask about the support itself when told to, in the same words", async () => {
    const root = poolOf({ a: 6, b: 8 });
    for (const demonstrations of ["fixed", "fresh"] as const) {
      const sampler = await samplerOf(root, { batchSize: 2, shots: 2, demonstrations });
      const [episode] = readEpisodes(sampler, { ...shape, querySource: "same-examples" });
      expect(episode?.query).toEqual(episode?.support.flat());
    }
  });

  test("choose tasks by their size, or all alike", async () => {
    const root = poolOf({ a: 3, b: 27 });
    const shareOfB = async (
      taskSampling: "proportional" | "uniform" | "temperature",
      temperature = 2,
    ) => {
      const sampler = await samplerOf(root, { taskSampling, temperature });
      const tasks = readEpisodes(sampler, { ...shape, tasks: 2000 }).map(
        (episode) => episode.tasks[0],
      );
      return tasks.filter((task) => task === "b").length / tasks.length;
    };
    // Standard errors are 0.0067 and 0.011: four of them is far from the other answer.
    expect(Math.abs((await shareOfB("proportional")) - 27 / 30)).toBeLessThan(0.027);
    expect(Math.abs((await shareOfB("uniform")) - 1 / 2)).toBeLessThan(0.045);
    // 3^(1/T) : 27^(1/T) is 1 : 3 for T = 2, and 1 : 9 for T = 1.
    expect(Math.abs((await shareOfB("temperature")) - 3 / 4)).toBeLessThan(0.039);
    expect(Math.abs((await shareOfB("temperature", 1)) - 9 / 10)).toBeLessThan(0.027);
  });

  test("are of different tasks when told to, so that a meta-update is diverse", async () => {
    const root = poolOf({ a: 3, b: 300, c: 3 });
    const alike = await samplerOf(root);
    const diverse = await samplerOf(root, { distinctTasks: true });
    const three = { ...shape, support: 1, tasks: 3 };
    const tasksOf = (sampler: typeof diverse) =>
      readEpisodes(sampler, three).map(({ tasks }) => tasks[0]);
    expect(tasksOf(alike)).toEqual(["b", "b", "b"]);
    for (let i = 0; i < 10; i++) expect(tasksOf(diverse).toSorted()).toEqual(["a", "b", "c"]);
    expect(() => readEpisodes(diverse, { ...three, tasks: 4 })).toThrow(
      /\[BAD_OPTION\] With distinctTasks the 4 episodes of a meta-update need as many training tasks, but there are 3/,
    );
  });

  test("read nothing but the query when there is no support", async () => {
    const sampler = await samplerOf(poolOf({ a: 6, b: 8 }), { batchSize: 3 });
    const [episode] = readEpisodes(sampler, { ...shape, support: 0 });
    expect(episode?.support).toEqual([]);
    expect(episode?.query).toHaveLength(3);
    expect(episode?.tasks).toHaveLength(1);
  });

  test("refuse tasks with too few rows, by name and size", async () => {
    const sampler = await samplerOf(poolOf({ a: 5, b: 8, c: 4 }), { batchSize: 2 });
    expect(() => readEpisodes(sampler, shape)).toThrow(
      /\[BAD_OPTION\] .* an episode needs 6 rows of one task, but these have fewer: a \(5\), c \(4\)/,
    );
  });

  test("refuse when all tasks could be in the support", async () => {
    const sampler = await samplerOf(poolOf({ a: 5, b: 8 }), { batchSize: 2 });
    expect(() => readEpisodes(sampler, { ...shape, tasks: 2, querySource: "other-tasks" })).toThrow(
      /\[BAD_OPTION\] .* at least 3 training tasks .*, got 2/,
    );
  });

  test.each([
    [{ ...shape, tasks: 0 }, /at least one task/],
    [{ ...shape, query: 0 }, /at least one task and one query batch/],
    [{ ...shape, support: 0, querySource: "same-examples" as const }, /no support batches/],
  ])("refuse a shape that makes no sense: %j", async (bad, problem) => {
    const sampler = await samplerOf(poolOf({ a: 5, b: 8 }));
    expect(() => readEpisodes(sampler, bad)).toThrow(problem);
  });
});
