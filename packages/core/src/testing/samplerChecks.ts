import assert from "node:assert/strict";
import { isDeepStrictEqual } from "node:util";
import * as tf from "@tensorflow/tfjs";
import type { EpisodeShape, TaskSampler } from "../contracts/task.js";
import { type Check, checksOf, type Property, type Subject, usefulErrors } from "./checks.js";
import { register } from "./register.js";
import { assertNoLeak, isSame, snapshot, tensorsIn } from "./snapshot.js";

/** Name of a property that {@link testTaskSampler} checks. */
export type SamplerProperty =
  | "shape"
  | "seed"
  | "stream"
  | "state"
  | "sameExamples"
  | "ownership"
  | "leaks"
  | "options";

/** A task sampler to check. */
export interface SamplerSubject extends Subject<SamplerProperty> {
  create(seed: number): TaskSampler | Promise<TaskSampler>;
  /** Shapes of episodes to draw. @default every combination of query source and unit */
  readonly shapes?: readonly EpisodeShape[];
}

const plain: EpisodeShape = {
  tasks: 2,
  support: 2,
  query: 1,
  querySource: "same-task",
  unit: "task",
};

const allShapes: readonly EpisodeShape[] = [
  plain,
  { ...plain, querySource: "other-tasks" },
  { ...plain, unit: "mixture" },
  { ...plain, unit: "mixture", querySource: "other-tasks" },
  { ...plain, support: 0, tasks: 1, query: 2 }, // the shape for a learner without an inner loop
];

/** Calls `check` with a new sampler for every shape of episodes. */
async function forEachShape(
  { create, shapes = allShapes }: SamplerSubject,
  check: (sampler: TaskSampler, shape: EpisodeShape) => void | Promise<void>,
): Promise<void> {
  for (const shape of shapes) await check(await create(1), shape);
}

/** Draws the next episodes as plain values, and frees their tensors. */
function read(sampler: TaskSampler, shape: EpisodeShape, updates = 1): unknown {
  return Array.from({ length: updates }, () => {
    const episodes = sampler.next(shape);
    const values = snapshot(episodes);
    tf.dispose(episodes as unknown as tf.TensorContainer);
    return values;
  });
}

const properties: Record<SamplerProperty, Property<SamplerSubject>> = {
  shape: {
    title: "draws as many episodes and support batches as asked for, each with a query",
    check: (subject) =>
      forEachShape(subject, (sampler, shape) => {
        const episodes = sampler.next(shape);
        assert.equal(episodes.length, shape.tasks, "episodes");
        for (const { support, query, tasks } of episodes) {
          assert.equal(support.length, shape.support, "support batches of an episode");
          assert.ok(tensorsIn(query).length > 0, "The query holds no tensor.");
          assert.equal(new Set(tasks).size, tasks.length, "An episode names a task twice.");
        }
      }),
  },

  seed: {
    title: "the same seed gives the same episodes, and another seed others",
    check: (subject) =>
      forEachShape(subject, async (sampler, shape) => {
        const one = read(sampler, shape, 3);
        const same = read(await subject.create(1), shape, 3);
        const other = read(await subject.create(2), shape, 3);
        assert.ok(isDeepStrictEqual(same, one), "Seed 1 gave other episodes the second time.");
        assert.ok(!isDeepStrictEqual(other, one), "Seed 2 gives the episodes of seed 1.");
      }),
  },

  stream: {
    title: "draws new episodes for every meta-update",
    check: (subject) =>
      forEachShape(subject, (sampler, shape) => {
        const [first, second] = [read(sampler, shape), read(sampler, shape)];
        assert.ok(!isDeepStrictEqual(first, second), "Two meta-updates got the same episodes.");
      }),
  },

  state: {
    title: "resumes from its state as if it had never stopped",
    check: (subject) =>
      forEachShape(subject, async (sampler, shape) => {
        read(sampler, shape, 2);
        const state = sampler.state();
        const written = JSON.parse(JSON.stringify(state));
        assert.deepEqual(written, state, "The state is not plain JSON.");
        const after = read(sampler, shape, 2);
        const restarted = await subject.create(1);
        restarted.restore(written);
        const message = "A restored sampler gives other episodes than one that never stopped.";
        assert.ok(isDeepStrictEqual(read(restarted, shape, 2), after), message);
        sampler.restore(written); // back in time
        assert.ok(isDeepStrictEqual(read(sampler, shape, 2), after), message);
      }),
  },

  sameExamples: {
    title: 'the query is the support with querySource "same-examples"',
    async check({ create }) {
      const sampler = await create(1);
      const shape = { ...plain, support: 1, querySource: "same-examples" } as const;
      for (const { support, query } of sampler.next(shape)) {
        assert.ok(isSame(query, support[0]), "The query differs from the only support batch.");
      }
    },
  },

  ownership: {
    title: "every tensor belongs to the caller alone",
    check: (subject) =>
      forEachShape(subject, (sampler, shape) => {
        const before = sampler.state();
        const tensors = tensorsIn(sampler.next(shape));
        assert.equal(new Set(tensors).size, tensors.length, "A tensor is there twice.");
        sampler.restore(before);
        tf.dispose(sampler.next(shape) as unknown as tf.TensorContainer);
        const freed = tensors.some((tensor) => tensor.isDisposed);
        assert.ok(!freed, "Two calls gave the same tensor.");
      }),
  },

  leaks: {
    title: "leaks no tensors",
    check: (subject) =>
      forEachShape(subject, (sampler, shape) => assertNoLeak(() => sampler.next(shape))),
  },

  options: usefulErrors,
};

/** Makes the checks of a task sampler, for test runners other than vitest. */
export function samplerChecks(subject: SamplerSubject): Check[] {
  return checksOf(properties, subject);
}

/**
 * Tests with vitest that a task sampler fulfils its contract.
 *
 * @example testTaskSampler("toy", { create: toySampler })
 */
export function testTaskSampler(title: string, subject: SamplerSubject): void {
  register(title, samplerChecks(subject));
}
