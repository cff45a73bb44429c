import { testModel } from "@metalearn/core/testing";
import * as tf from "@tensorflow/tfjs";
import { expect, test } from "vitest";
import { mlp } from "../src/index.js";

const badOptions = { sizes: () => mlp({ sizes: [3], loss: "mse" }) };

testModel("mlp for regression", {
  create: () => mlp({ sizes: [2, 6, 6, 1], loss: "mse" }),
  batch: () => ({ x: tf.tensor2d([1, -2, 0.5, 3], [2, 2]), y: tf.tensor2d([1, -1], [2, 1]) }),
  badOptions,
});

testModel("mlp for classification", {
  create: () => mlp({ sizes: [2, 6, 3], loss: "cross-entropy", activation: "tanh" }),
  batch: () => ({ x: tf.tensor2d([1, -2, 0.5, 3], [2, 2]), y: tf.tensor1d([2, 0], "int32") }),
  badOptions,
});

const params = {
  "layers.0.weight": tf.tensor2d([1, -1, 2, 0.5], [2, 2]),
  "layers.0.bias": tf.tensor1d([0.5, -1]),
  "layers.1.weight": tf.tensor2d([3, 1, -2, 1], [2, 2]),
  "layers.1.bias": tf.tensor1d([0, 1]),
};
const x = tf.tensor2d([1, 1], [1, 2]);
// x W0 + b0 = [1 + 2 + 0.5, -1 + 0.5 - 1] = [3.5, -1.5], relu [3.5, 0]; W1, b1: [10.5, 3.5 + 1].
const outputs = [10.5, 4.5];

test("outputs are those worked out by hand", () => {
  const model = mlp({ sizes: [2, 2, 2], loss: "mse" });
  expect([...model.outputs(params, x).dataSync()]).toEqual(outputs);
});

test("the loss of numbers is the mean squared error", () => {
  const model = mlp({ sizes: [2, 2, 2], loss: "mse" });
  const y = tf.tensor2d([10, 6.5], [1, 2]);
  expect(model.loss(params, { x, y }).dataSync()[0]).toBeCloseTo((0.5 ** 2 + 2 ** 2) / 2, 6);
});

test("the loss of classes is the mean negative log-likelihood", () => {
  const model = mlp({ sizes: [2, 2, 2], loss: "cross-entropy" });
  const y = tf.tensor1d([1], "int32");
  const [a, b] = outputs.map(Math.exp) as [number, number];
  expect(model.loss(params, { x, y }).dataSync()[0]).toBeCloseTo(-Math.log(b / (a + b)), 5);
});

test("fresh parameters are uniform within 1 / sqrt(inputs), as torch.nn.Linear's", async () => {
  const model = mlp({ sizes: [25, 400, 1], loss: "mse" });
  const values = [...((await model.init(1))["layers.0.weight"] as tf.Tensor).dataSync()];
  const largest = Math.max(...values.map(Math.abs));
  expect(largest).toBeLessThanOrEqual(0.2);
  expect(largest).toBeGreaterThan(0.199);
  const variance = values.reduce((sum, value) => sum + value ** 2, 0) / values.length;
  expect(variance).toBeCloseTo(0.2 ** 2 / 3, 3);
});
