import * as tf from "@tensorflow/tfjs";
import { describe, expect, test } from "vitest";
import { crossfit } from "../src/index.js";
import { readEpisodes, samplerOf } from "./support/episodes.js";
import { letterTokenizer } from "./support/letters.js";
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

describe("batches that are padded to given lengths", () => {
  const options = { batchSize: 2, shots: 2, demonstrations: "fresh" } as const;
  const draw = async (paddedLengths?: readonly number[]) => {
    const sampler = await samplerOf(poolOf({ a: 8, b: 90, c: 10 }), { ...options, paddedLengths });
    return Array.from({ length: 5 }, () => readEpisodes(sampler, shapes.task));
  };

  test("hold the same episodes", async () => {
    expect(await draw([16, 20])).toEqual(await draw());
  });

  test("have these lengths alone", async () => {
    // "a7 x a6 x a5 y" is 14 letters long, with two digits in b up to 17.
    const sampler = await samplerOf(poolOf({ a: 8, b: 90 }), {
      ...options,
      paddedLengths: [14, 20],
    });
    const sizes = Array.from({ length: 10 }, () => {
      const [episode] = sampler.next({
        ...shapes.task,
        tasks: 1,
        query: 1,
        querySource: "same-task",
      });
      const { inputIds, scoredIds } = episode?.query ?? {};
      tf.dispose([episode?.query ?? {}, ...(episode?.support ?? [])]);
      return [inputIds?.shape[1], scoredIds?.size].join(" tokens, scored: ");
    });
    expect(new Set(sizes)).toEqual(new Set(["14 tokens, scored: 8", "20 tokens, scored: 8"]));
  });
});

test("the lengths of training sequences are told by task, each with its share", async () => {
  const root = poolOf({ a: 4, b: 12 });
  const tasks = await crossfit({
    root,
    setting: "s",
    tokenizer: letterTokenizer,
    style: "space",
    shots: 2,
    demonstrations: "fresh",
    maxTokens: 100,
    cache: false,
  });
  const { byTask, longest } = tasks.trainingLengths?.() ?? { byTask: [], longest: 0 };
  expect(longest).toBe(100);
  expect(byTask.map(({ length }) => length)).toEqual([250, 750]);
  // Three examples of "a7 x" and two spaces; two of b's rows have two digits.
  expect(new Set(byTask[0])).toEqual(new Set([14]));
  expect(new Set(byTask[1])).toEqual(new Set([14, 15, 16]));
});
