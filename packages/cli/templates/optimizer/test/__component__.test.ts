import { testMetaOptimizer } from "@metalearn/core/testing";
import * as tf from "@tensorflow/tfjs";
import { expect, test } from "vitest";
import { __factory__ } from "../src/index.js";

testMetaOptimizer("__component__", {
  create: () => __factory__({ learningRate: 0.1 }),
  badOptions: {
    learningRate: () => __factory__({ learningRate: 0 }),
    momentum: () => __factory__({ learningRate: 0.1, momentum: 1 }),
  },
});

test("the velocity gathers gradients", () => {
  const optimizer = __factory__({ learningRate: 0.1, momentum: 0.5 });
  const gradients = { w: tf.scalar(1) };
  const before = { w: tf.scalar(1) };
  const one = optimizer.update(gradients, optimizer.init(before), before);
  const two = optimizer.update(gradients, one.state, one.params);
  // Velocities are 1 and 0.5 + 1.
  expect(one.params.w?.dataSync()[0]).toBeCloseTo(0.9, 6);
  expect(two.params.w?.dataSync()[0]).toBeCloseTo(0.75, 6);
});
