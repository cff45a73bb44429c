import type { ExampleBatch } from "@metalearn/core";
import { testTaskSampler } from "@metalearn/core/testing";
import { expect, test } from "vitest";
import { __factory__ } from "../src/index.js";

testTaskSampler("__component__", {
  create: (seed) => __factory__().sampler({ seed, batchSize: 3 }),
  badOptions: {
    shots: () => __factory__({ shots: 0 }),
    targetEpisodes: () => __factory__({ targetEpisodes: 0.5 }),
  },
});

function pointsOf({ x, y }: ExampleBatch) {
  const ys = y.dataSync();
  return [...x.dataSync()].map((x, i) => ({ x, y: Number(ys[i]) }));
}

test("the query of a held-out task lies on the line of its support", () => {
  const [target] = __factory__({ shots: 3, targetEpisodes: 4 }).targets;
  const episodes = target?.episodes(100) ?? [];
  expect(episodes).toHaveLength(4);
  for (const { support, query } of episodes) {
    const [a, b] = support.flatMap(pointsOf);
    if (!a || !b) throw new Error("the support has fewer than two points");
    const slope = (b.y - a.y) / (b.x - a.x);
    for (const { x, y } of pointsOf(query)) expect(a.y + slope * (x - a.x)).toBeCloseTo(y, 3);
  }
});
