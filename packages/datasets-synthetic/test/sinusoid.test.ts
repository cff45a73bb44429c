import { testTaskSampler } from "@metalearn/core/testing";
import { expect, test } from "vitest";
import { sinusoid } from "../src/index.js";

const source = sinusoid();

testTaskSampler("sinusoid", {
  create: (seed) => source.sampler({ seed, batchSize: 10 }),
  badOptions: {
    batchSize: () => source.sampler({ seed: 1, batchSize: 0 }),
    shots: () => sinusoid({ shots: 0 }),
    targetEpisodes: () => sinusoid({ targetEpisodes: 1.5 }),
  },
});

/**
 * Amplitude and phase of the sine through points, by least squares: a sin(x - p) is
 * u sin(x) + w cos(x) with u = a cos(p) and w = -a sin(p).
 */
function fit(xs: readonly number[], ys: readonly number[]) {
  const sum = (of: (x: number, y: number) => number) =>
    xs.reduce((total, x, i) => total + of(x, Number(ys[i])), 0);
  const [ss, sc, cc] = [
    sum((x) => Math.sin(x) ** 2),
    sum((x) => Math.sin(x) * Math.cos(x)),
    sum((x) => Math.cos(x) ** 2),
  ];
  const [sy, cy] = [sum((x, y) => Math.sin(x) * y), sum((x, y) => Math.cos(x) * y)];
  const det = ss * cc - sc * sc;
  const [u, w] = [(cc * sy - sc * cy) / det, (ss * cy - sc * sy) / det];
  const residual = sum((x, y) => (u * Math.sin(x) + w * Math.cos(x) - y) ** 2);
  return { amplitude: Math.hypot(u, w), phase: Math.atan2(-w, u), residual };
}

const numbers = (tensor: { dataSync(): ArrayLike<number> }) => Array.from(tensor.dataSync());

test("support and query lie on one sine within the paper's ranges, which tasks fill", () => {
  const episodes = source.sampler({ seed: 3, batchSize: 10 }).next({
    tasks: 400,
    support: 1,
    query: 1,
    querySource: "same-task",
    unit: "task",
  });
  const fits = episodes.map(({ support, query }) => {
    const batches = [...support, query];
    const xs = batches.flatMap(({ x }) => numbers(x));
    expect(Math.max(...xs.map(Math.abs))).toBeLessThanOrEqual(5);
    return fit(
      xs,
      batches.flatMap(({ y }) => numbers(y)),
    );
  });
  expect(Math.max(...fits.map(({ residual }) => residual))).toBeLessThan(1e-6);
  const range = (values: number[]) => [Math.min(...values), Math.max(...values)] as const;
  const [low, high] = range(fits.map(({ amplitude }) => amplitude));
  expect(low).toBeGreaterThan(0.0999);
  expect(low).toBeLessThan(0.15);
  expect(high).toBeGreaterThan(4.95);
  expect(high).toBeLessThan(5.0001);
  const [early, late] = range(fits.map(({ phase }) => phase));
  expect(early).toBeGreaterThan(-1e-3);
  expect(early).toBeLessThan(0.05);
  expect(late).toBeGreaterThan(3.09);
  expect(late).toBeLessThan(Math.PI + 1e-3);
});

test("targets are other curves than those of training, the same for the same seed", () => {
  const [target] = sinusoid({ shots: 7, targetEpisodes: 3 }).targets;
  const read = (seed: number) => target?.episodes(seed).map(({ query }) => numbers(query.y));
  expect(read(1)).toHaveLength(3);
  expect(read(1)?.[0]).toHaveLength(7);
  expect(read(1)).toEqual(read(1));
  expect(read(1)).not.toEqual(read(2));
  const [trained] = sinusoid()
    .sampler({ seed: 1, batchSize: 7 })
    .next({ tasks: 1, support: 1, query: 1, querySource: "same-task", unit: "task" });
  expect(trained && numbers(trained.query.y)).not.toEqual(read(1)?.[0]);
});
