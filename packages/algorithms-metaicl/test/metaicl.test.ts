import { createObjective, valueAndGradients } from "@metalearn/core";
import { testLearner, toyModel, toySampler } from "@metalearn/core/testing";
import { expect, test } from "vitest";
import { metaicl } from "../src/index.js";

const model = toyModel();
const objective = createObjective(model);
const state = { optimizer: { step: 0, update: 0, slots: {} } };

testLearner("metaicl", {
  create: () => metaicl({ batches: 3 }),
  badOptions: { batches: () => metaicl({ batches: 0 }) },
});

test("the meta-gradient is the mean gradient of the query losses", async () => {
  const params = await model.init(1);
  const learner = metaicl({ batches: 3 });
  const episodes = toySampler(2).next(learner.episodes);
  const { loss, gradients } = learner.metaGradient(objective, params, episodes, state);
  const parts = episodes.map(({ query }) => valueAndGradients((p) => model.loss(p, query), params));
  const mean = (values: number[]) => values.reduce((a, b) => a + b) / values.length;
  expect(loss.dataSync()[0]).toBeCloseTo(
    mean(parts.map(({ value }) => Number(value.dataSync()[0]))),
    6,
  );
  for (const [name, tensor] of Object.entries(gradients)) {
    tensor.dataSync().forEach((value, i) => {
      const each = parts.map((part) => Number(part.gradients[name]?.dataSync()[i]));
      expect(value).toBeCloseTo(mean(each), 6);
    });
  }
});

test("adapting changes nothing: demonstrations are read, not trained on", async () => {
  const params = await model.init(1);
  expect(metaicl().adapt(objective, params, [], state)).toBe(params);
});

test("one update reads one batch from the mixture of all tasks", () => {
  expect(metaicl().episodes).toEqual({
    tasks: 1,
    support: 0,
    query: 1,
    querySource: "same-task",
    unit: "mixture",
  });
});
