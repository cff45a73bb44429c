import { createObjective, defineOptimizer, type Model } from "@metalearn/core";
import { testLearner, toyModel, toySampler } from "@metalearn/core/testing";
import * as tf from "@tensorflow/tfjs";
import { expect, test } from "vitest";
import { fineTune, metaicl } from "../src/index.js";

/** w - 0.25 * gradient. */
const innerOptimizer = defineOptimizer({
  name: "quarter steps",
  slotNames: [],
  init: () => ({ step: 0, update: 0, slots: {} }),
  coefficients: () => ({}),
  learningRate: () => 0.25,
  apply: ({ gradients, params }) => ({
    params: Object.fromEntries(
      Object.entries(params).map(([name, value]) => [
        name,
        tf.sub(value, tf.mul(gradients[name] as tf.Tensor, 0.25)),
      ]),
    ),
    slots: {},
  }),
  adjoint: () => {
    throw new Error("fine-tuning is not differentiated through");
  },
});

/** (w - y)^2 + (v - y)^2, whose gradient with respect to w is 2 (w - y). */
const model: Model<{ y: tf.Tensor }> = {
  name: "two parabolas",
  init: async () => ({ w: tf.scalar(0), v: tf.scalar(0) }),
  loss: ({ w, v }, { y }) =>
    tf.tidy(() =>
      tf.add(tf.square(tf.sub(w as tf.Tensor, y)), tf.square(tf.sub(v as tf.Tensor, y))),
    ) as tf.Scalar,
};

testLearner("fine-tune", {
  create: () => fineTune({ innerOptimizer, innerSteps: 2, batches: 2 }),
  badOptions: { batches: () => fineTune({ innerOptimizer, batches: 0 }) },
  skip: { loss: "it trains without adapting, as MetaICL does" },
});

const state = { optimizer: { step: 0, update: 0, slots: {} } };
const support = [{ y: tf.scalar(1) }, { y: tf.scalar(3) }];

test("takes its steps on the target's batches, going round them", async () => {
  const { adapt } = fineTune({ innerOptimizer, innerSteps: 3 });
  const { w } = adapt(createObjective(model), await model.init(0), support, state);
  // Each step covers half of the distance: to 1 (0.5), to 3 (1.75), to 1 again (1.375).
  expect(w?.dataSync()[0]).toBeCloseTo(1.375, 6);
});

test("leaves the parameters alone that it is not to adapt", async () => {
  const { adapt } = fineTune({ innerOptimizer, innerSteps: 2, adapt: ["w"] });
  const { w, v } = adapt(createObjective(model), await model.init(0), support, state);
  expect([w?.dataSync()[0], v?.dataSync()[0]]).toEqual([1.75, 0]);
});

test("trains as MetaICL does", async () => {
  const toy = toyModel();
  const params = await toy.init(1);
  const learners = [fineTune({ innerOptimizer, batches: 2 }), metaicl({ batches: 2 })];
  const losses = learners.map((learner) => {
    const episodes = toySampler(2).next(learner.episodes);
    const { loss } = learner.metaGradient(createObjective(toy), params, episodes, state);
    return loss.dataSync()[0];
  });
  expect(losses[0]).toBe(losses[1]);
  expect(learners[0]?.episodes).toEqual(learners[1]?.episodes);
});
