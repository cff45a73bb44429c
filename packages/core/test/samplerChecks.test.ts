import * as tf from "@tensorflow/tfjs";
import { expect, test } from "vitest";
import type { TaskSampler } from "../src/contracts/task.js";
import { MetaError } from "../src/errors.js";
import {
  type SamplerProperty,
  type SamplerSubject,
  samplerChecks,
  testTaskSampler,
  toySampler,
} from "../src/testing/index.js";
import { outcomes } from "./support/outcomes.js";

const refuse = () => {
  throw new MetaError("BAD_OPTION", "batchSize must be at least 1, but is 0.");
};

testTaskSampler("a sound sampler", { create: toySampler, badOptions: { batchSize: refuse } });

const instead = (change: (sampler: TaskSampler) => Partial<TaskSampler>): SamplerSubject => ({
  create: (seed) => {
    const sampler = toySampler(seed);
    return { ...sampler, ...change(sampler) };
  },
});

const shared = tf.zeros([1]);
const kept: tf.Tensor[] = [];

const broken: Record<SamplerProperty, SamplerSubject> = {
  shape: instead(({ next }) => ({ next: (shape) => next({ ...shape, support: 1 }) })),
  seed: { create: () => toySampler(1) },
  stream: instead(({ next, restore }) => ({
    next: (shape) => {
      restore({ episodes: 0 });
      return next(shape);
    },
  })),
  state: instead(() => ({ state: () => ({}) })),
  sameExamples: instead(({ next }) => ({
    next: (shape) => next({ ...shape, querySource: "same-task" }),
  })),
  ownership: instead(({ next }) => ({
    next: (shape) => next(shape).map((episode) => ({ ...episode, query: { x: shared } })),
  })),
  leaks: instead(({ next }) => ({
    next: (shape) => {
      kept.push(tf.zeros([1]));
      return next(shape);
    },
  })),
  options: { create: toySampler, badOptions: { batchSize: () => toySampler(1) } },
};

test.each(Object.entries(broken))("the check of %s fails", async (property, subject) => {
  const found = await outcomes(samplerChecks, subject);
  expect(found[property]).toBeInstanceOf(Error);
});
