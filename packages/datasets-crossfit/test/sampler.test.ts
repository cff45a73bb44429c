import { testTaskSampler } from "@metalearn/core/testing";
import * as tf from "@tensorflow/tfjs";
import { describe, expect, test } from "vitest";
import { type CrossfitOptions, crossfit } from "../src/index.js";
import { readEpisodes, samplerOf } from "./support/episodes.js";
import { letterTokenizer } from "./support/letters.js";
import { poolOf } from "./support/pool.js";

// More than the support rows of a meta-update can touch.
const manyTasks = () => poolOf(Object.fromEntries([..."abcdefghijkl"].map((name) => [name, 9])));

const variants: Record<string, Partial<CrossfitOptions>> = {
  "fresh demonstrations": { demonstrations: "fresh" },
  "fixed demonstrations": { demonstrations: "fixed" },
  "nearest demonstrations and random labels of uniform tasks": {
    demonstrations: "nearest",
    trainLabels: "random-words",
    taskSampling: "uniform",
  },
  "channel sequences in a template, of few rows of distinct tasks by temperature": {
    method: "channel",
    template: "{output}: {input}",
    maxExamplesPerTask: 8,
    taskSampling: "temperature",
    distinctTasks: true,
  },
};

for (const [title, variant] of Object.entries(variants)) {
  const options = { shots: 2, batchSize: 2, ...variant };
  testTaskSampler(`crossfit, ${title}`, {
    create: (seed) => samplerOf(manyTasks(), { ...options, seed }),
    badOptions: { batchSize: () => samplerOf(poolOf({ a: 8 }), { batchSize: 0 }) },
  });
}

test("the state is two counters, which a checkpoint of something else does not have", async () => {
  const sampler = await samplerOf(poolOf({ a: 8, b: 9 }), { batchSize: 3 });
  readEpisodes(sampler);
  readEpisodes(sampler);
  expect(sampler.state()).toEqual({ update: 2, position: 6 });
  expect(() => sampler.restore({ update: 1 })).toThrow(
    /\[BAD_CHECKPOINT\] Expected a whole number "position" .*, got undefined/,
  );
  expect(() => sampler.restore({ update: -1, position: 0 })).toThrow(
    /\[BAD_CHECKPOINT\] Expected a whole number "update" .*, got -1/,
  );
});

describe("batches that are padded to given lengths", () => {
  const taskShape = { unit: "task", support: 1, tasks: 2 } as const;
  const options = { batchSize: 2, shots: 2, demonstrations: "fresh" } as const;
  const draw = async (paddedLengths?: readonly number[]) => {
    const sampler = await samplerOf(poolOf({ a: 8, b: 90, c: 10 }), { ...options, paddedLengths });
    return Array.from({ length: 5 }, () => readEpisodes(sampler, taskShape));
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
        ...taskShape,
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
