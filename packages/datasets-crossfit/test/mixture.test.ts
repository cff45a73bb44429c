import { describe, expect, test } from "vitest";
import { readEpisodes, rowsIn, samplerOf } from "./support/episodes.js";
import { poolOf } from "./support/pool.js";

const allRows = ["a0", "a1", "a2", "a3", "b0", "b1", "b2", "b3", "b4", "b5"];

describe("the mixture of all tasks", () => {
  test("has every row once per epoch, in another order each epoch", async () => {
    const sampler = await samplerOf(poolOf({ a: 4, b: 6 }), { batchSize: 2 });
    const epoch = () =>
      Array.from({ length: 5 }, () => rowsIn(readEpisodes(sampler)[0]?.query ?? [])).flat();
    const [first, second] = [epoch(), epoch()];
    expect(first.toSorted()).toEqual(allRows);
    expect(second.toSorted()).toEqual(allRows);
    expect(second).not.toEqual(first);
  });

  test("goes through an epoch's end in the middle of a batch", async () => {
    const sampler = await samplerOf(poolOf({ a: 4, b: 6 }), { batchSize: 4 });
    const read = Array.from({ length: 5 }, () =>
      rowsIn(readEpisodes(sampler)[0]?.query ?? []),
    ).flat();
    expect(read.slice(0, 10).toSorted()).toEqual(allRows);
    expect(read.slice(10).toSorted()).toEqual(allRows);
  });

  test("gives several episodes and joins a query's batches", async () => {
    const sampler = await samplerOf(poolOf({ a: 4, b: 6 }), { batchSize: 2 });
    const episodes = readEpisodes(sampler, { tasks: 2, support: 1, query: 2 });
    expect(
      episodes.map(({ support, query }) => [support.map((b) => b.length), query.length]),
    ).toEqual([
      [[2], 4],
      [[2], 4],
    ]);
  });

  test("never asks about a row of the support, not even around an epoch's end", async () => {
    const sampler = await samplerOf(poolOf({ a: 2, b: 3 }), { batchSize: 2 });
    for (let i = 0; i < 50; i++) {
      const [episode] = readEpisodes(sampler, { support: 1, query: 1 });
      const support = rowsIn(episode?.support.flat() ?? []);
      for (const row of rowsIn(episode?.query ?? [])) expect(support).not.toContain(row);
    }
  });

  test("asks about other tasks than any support's", async () => {
    const sampler = await samplerOf(poolOf({ a: 4, b: 4, c: 4 }), { batchSize: 1 });
    for (let i = 0; i < 30; i++) {
      const episodes = readEpisodes(sampler, { tasks: 2, support: 1, querySource: "other-tasks" });
      const supportTasks = episodes
        .flatMap(({ support }) => rowsIn(support.flat()))
        .map((row) => row[0]);
      for (const { query } of episodes) expect(supportTasks).not.toContain(rowsIn(query)[0]?.[0]);
    }
  });

  test("refuses shapes that it could not always fill", async () => {
    const sampler = await samplerOf(poolOf({ a: 4, b: 6 }), { batchSize: 2 });
    expect(() => readEpisodes(sampler, { support: 1, querySource: "other-tasks" })).toThrow(
      /\[BAD_OPTION\] 2 support rows .* can touch 2 of the 2 training tasks, which leaves 0 rows/,
    );
    expect(() => readEpisodes(sampler, { support: 3, query: 3 })).toThrow(
      /\[BAD_OPTION\] An episode needs 12 different rows, but all training tasks together have 10/,
    );
  });

  test("draws a task for every example where tasks are not to come by their size", async () => {
    const root = poolOf({ a: 4, b: 100 });
    // 1/2, and with T = 2 10 of 10 + 2: standard errors of 2000 draws are 0.011 and 0.008.
    for (const [taskSampling, shareOfB] of [
      ["uniform", 1 / 2],
      ["temperature", 10 / 12],
    ] as const) {
      const sampler = await samplerOf(root, { taskSampling, batchSize: 100 });
      const rows = readEpisodes(sampler, { tasks: 20 }).flatMap(({ query }) => rowsIn(query));
      const ofB = rows.filter((row) => row[0] === "b");
      expect(Math.abs(ofB.length / rows.length - shareOfB)).toBeLessThan(0.045);
      expect(new Set(ofB).size).toBe(100); // any row of it
    }
  });

  test("asks about other tasks than any support's by their weight, too", async () => {
    const sampler = await samplerOf(poolOf({ a: 4, b: 4, c: 4 }), { taskSampling: "uniform" });
    for (let i = 0; i < 30; i++) {
      const [episode] = readEpisodes(sampler, { support: 1, querySource: "other-tasks" });
      const support = rowsIn(episode?.support.flat() ?? []).map((row) => row[0]);
      expect(support).not.toContain(rowsIn(episode?.query ?? [])[0]?.[0]);
    }
  });
});
