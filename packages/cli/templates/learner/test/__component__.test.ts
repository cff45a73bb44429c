import { createObjective, type Params } from "@metalearn/core";
import { testLearner } from "@metalearn/core/testing";
import * as tf from "@tensorflow/tfjs";
import { expect, test } from "vitest";
import { __factory__ } from "../src/index.js";

testLearner("__component__", {
  create: () => __factory__({ innerLearningRate: 0.05, tasks: 2 }),
  badOptions: {
    innerLearningRate: () => __factory__({ innerLearningRate: 0 }),
    tasks: () => __factory__({ tasks: 0 }),
  },
});

// A model with loss (w - target)^2 / 2, whose inner step is easy to compute by hand.
const model = {
  name: "point",
  init: async (): Promise<Params> => ({ w: tf.scalar(1) }),
  loss: ({ w }: Params, { target }: Record<string, tf.Tensor>) =>
    tf.div(tf.square(tf.sub(w as tf.Tensor, target as tf.Tensor)), 2) as tf.Scalar,
};

test("the meta-gradient goes through the inner step", async () => {
  const episode = {
    tasks: ["a point"],
    support: [{ target: tf.scalar(3) }],
    query: { target: tf.scalar(0.2) },
  };
  const learner = __factory__({ innerLearningRate: 0.1, tasks: 1 });
  const state = { optimizer: { step: 0, update: 0, slots: {} } };
  const objective = createObjective(model);
  const { loss, gradients } = learner.metaGradient(objective, await model.init(), [episode], state);
  // The step goes from 1 to 1 - 0.1 (1 - 3) = 1.2, at distance 1 from the query's target. A change of w is
  // scaled by 1 - 0.1.
  expect(loss.dataSync()[0]).toBeCloseTo(0.5, 6);
  expect(gradients.w?.dataSync()[0]).toBeCloseTo(0.9, 6);
});
