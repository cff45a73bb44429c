import { createObjective, type Params } from "@metalearn/core";
import { testLearner } from "@metalearn/core/testing";
import { sgd } from "@metalearn/optimizers";
import * as tf from "@tensorflow/tfjs";
import { expect, test } from "vitest";
import { reptile } from "../src/index.js";

testLearner("reptile", {
  create: () => reptile({ innerOptimizer: sgd({ learningRate: 0.05 }), innerSteps: 3, tasks: 2 }),
  skip: { gradient: "Reptile moves towards adapted parameters, not along a gradient of the loss" },
});

// A model whose loss is |w - target|^2 / 2: every gradient step can be worked out by hand.
const model = {
  name: "point",
  init: async (): Promise<Params> => ({ w: tf.tensor1d([1, -1]) }),
  loss: (params: Params, { target }: Record<string, tf.Tensor>) =>
    tf.mul(tf.sum(tf.square(tf.sub(params.w as tf.Tensor, target as tf.Tensor))), 0.5) as tf.Scalar,
};
const episode = (...target: [number, number]) => {
  const batch = { target: tf.tensor1d(target) };
  return { tasks: [target.join()], support: [batch, batch], query: batch };
};
const state = { optimizer: { step: 0, update: 0, slots: {} } };

test("the meta-gradient points away from the mean of the adapted parameters", async () => {
  const params = await model.init();
  const learner = reptile({ innerOptimizer: sgd({ learningRate: 0.1 }), innerSteps: 2, tasks: 2 });
  const episodes = [episode(3, -1), episode(1, 0)];
  const { loss, gradients } = learner.metaGradient(createObjective(model), params, episodes, state);
  // Two steps shrink the distance to the target to 0.9^2 = 0.81 of it, so that each task is left
  // by 0.19 of its distance: (1 - 3, -1 + 1) * 0.19 and (1 - 1, -1 - 0) * 0.19, halved by the mean.
  const [first, second] = gradients.w?.dataSync() ?? [];
  expect(first).toBeCloseTo(-0.19, 6);
  expect(second).toBeCloseTo(-0.095, 6);
  // (0.81 * 2)^2 / 2 and 0.81^2 / 2
  expect(loss.dataSync()[0]).toBeCloseTo((1.3122 + 0.32805) / 2, 5);
});
