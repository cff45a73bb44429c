import { testModel } from "@metalearn/core/testing";
import * as tf from "@tensorflow/tfjs";
import { expect, test } from "vitest";
import { __factory__ } from "../src/index.js";

testModel("__component__", {
  create: () => __factory__({ inputs: 2, hidden: 3 }),
  batch: () => ({ x: tf.tensor2d([0.1, -0.4, 0.7, 0.2], [2, 2]), y: tf.tensor2d([[0.5], [-1]]) }),
  badOptions: {
    inputs: () => __factory__({ inputs: 0 }),
    hidden: () => __factory__({ hidden: 1.5 }),
    outputs: () => __factory__({ outputs: 0 }),
  },
});

test("predicts weighted sines, and loses their squared distance", () => {
  const params = {
    "hidden.weight": tf.tensor2d([[Math.PI / 2, 0]]),
    "hidden.bias": tf.tensor1d([0, Math.PI / 6]),
    "output.weight": tf.tensor2d([[2], [1]]),
  };
  const x = tf.tensor2d([[1]]);
  const model = __factory__({ hidden: 2 });
  // 2 sin(pi / 2) + sin(pi / 6) = 2.5
  expect(model.outputs(params, x).dataSync()[0]).toBeCloseTo(2.5, 6);
  expect(model.loss(params, { x, y: tf.tensor2d([[1]]) }).dataSync()[0]).toBeCloseTo(2.25, 5);
});
