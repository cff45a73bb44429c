import * as tf from "@tensorflow/tfjs";
import { describe, expect, test } from "vitest";
import { readEpisodes, samplerOf } from "./support/episodes.js";
import { poolOf } from "./support/pool.js";

const shapes = {
  mixture: { unit: "mixture", support: 1, tasks: 2 },
  task: { unit: "task", support: 1, tasks: 2 },
  "other tasks": { unit: "task", support: 1, tasks: 2, querySource: "other-tasks" },
} as const;

describe.each(Object.entries(shapes))("a sampler of %s", (_, shape) => {
  const options = { batchSize: 2, shots: 2, demonstrations: "fresh" } as const;
  const read = (sampler: Awaited<ReturnType<typeof samplerOf>>, count: number) =>
    Array.from({ length: count }, () => readEpisodes(sampler, shape));

  test("gives the same episodes for the same seed, and others for another", async () => {
    const root = poolOf({ a: 8, b: 9, c: 10 });
    const [one, same, other] = await Promise.all(
      [1, 1, 2].map(async (seed) => read(await samplerOf(root, { ...options, seed }), 4)),
    );
    expect(same).toEqual(one);
    expect(other).not.toEqual(one);
  });

  test("goes on after a restart as if it had never stopped", async () => {
    const root = poolOf({ a: 8, b: 9, c: 10 });
    const whole = await samplerOf(root, options);
    const before = read(whole, 3);
    const state = JSON.parse(JSON.stringify(whole.state()));
    const after = read(whole, 3);

    const restarted = await samplerOf(root, options);
    restarted.restore(state);
    expect(read(restarted, 3)).toEqual(after);
    restarted.restore({ update: 0, position: 0 });
    expect(read(restarted, 3)).toEqual(before);
  });
});

test("the state is two counters, which a checkpoint of something else does not have", async () => {
  const sampler = await samplerOf(poolOf({ a: 8, b: 9 }), { batchSize: 3 });
  readEpisodes(sampler);
  readEpisodes(sampler);
  expect(sampler.state()).toEqual({ update: 2, position: 6 });
  expect(() => sampler.restore({ update: 1 })).toThrow(
    /\[BAD_CHECKPOINT\] .* "position", but it is undefined/,
  );
  expect(() => sampler.restore({ update: -1, position: 0 })).toThrow(
    /\[BAD_CHECKPOINT\] .* "update", but it is -1/,
  );
});

test("the caller owns the tensors, and there are no others", async () => {
  const sampler = await samplerOf(poolOf({ a: 8, b: 9, c: 10 }), { batchSize: 2, shots: 3 });
  const before = tf.memory().numTensors;
  readEpisodes(sampler, { support: 2, query: 2 });
  expect(tf.memory().numTensors).toBe(before);
});

test("a batch holds at least one sequence", async () => {
  await expect(samplerOf(poolOf({ a: 8 }), { batchSize: 0 })).rejects.toThrow(
    /\[BAD_OPTION\] batchSize must be a whole number of at least 1, but is 0/,
  );
});
