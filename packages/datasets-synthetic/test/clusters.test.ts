import { testTaskSampler } from "@metalearn/core/testing";
import * as tf from "@tensorflow/tfjs";
import { expect, test } from "vitest";
import { clusters } from "../src/index.js";

const source = clusters({ ways: 5, shots: 2, dimensions: 3 });

testTaskSampler("clusters", {
  create: (seed) => source.sampler({ seed, batchSize: 10 }),
  badOptions: {
    batchSize: () => source.sampler({ seed: 1, batchSize: 7 }),
    ways: () => clusters({ ways: 0 }),
    shots: () => clusters({ shots: 0 }),
    dimensions: () => clusters({ dimensions: 0 }),
    spread: () => clusters({ spread: Number.NaN }),
    targetEpisodes: () => clusters({ targetEpisodes: 0 }),
  },
});

const shape = {
  tasks: 1,
  support: 1,
  query: 2,
  querySource: "same-task",
  unit: "task",
} as const;

test("every class has equal shares of support and query", () => {
  const [episode] = source.sampler({ seed: 1, batchSize: 10 }).next(shape);
  const countsOf = (y: tf.Tensor | undefined) =>
    [0, 1, 2, 3, 4].map((label) => [...(y?.dataSync() ?? [])].filter((c) => c === label).length);
  expect(countsOf(episode?.support[0]?.y)).toEqual([2, 2, 2, 2, 2]);
  expect(countsOf(episode?.query.y)).toEqual([4, 4, 4, 4, 4]);
  expect(episode?.query.x.shape).toEqual([20, 3]);
});

test("examples of a class lie around one centre, as far as the spread says", () => {
  const wide = clusters({ ways: 2, dimensions: 4, spread: 0.3 });
  const [episode] = wide.sampler({ seed: 1, batchSize: 2_000 }).next({ ...shape, query: 1 });
  const [a, b] = [episode?.support[0], episode?.query].map((batch) => {
    const rows = tf.reshape(batch?.x as tf.Tensor, [1_000, 2, 4]); // classes in turn
    return tf.moments(rows, 0);
  }) as [ReturnType<typeof tf.moments>, ReturnType<typeof tf.moments>];
  for (const variance of a.variance.dataSync()) expect(Math.sqrt(variance)).toBeCloseTo(0.3, 1);
  const between = tf.max(tf.abs(tf.sub(a.mean, b.mean))).dataSync()[0];
  expect(between).toBeLessThan(0.06); // 0.3 / sqrt(1000) is 0.0095
});
