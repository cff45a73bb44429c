import { createObjective, defineOptimizer, mapParams, type Params } from "@metalearn/core";
import * as tf from "@tensorflow/tfjs";
import { expect, test } from "vitest";
import { conjugateGradient } from "../src/conjugateGradient.js";
import { imaml } from "../src/index.js";

const matrix = tf.tensor2d([
  [2, 1],
  [1, 3],
]);
const times = (a: tf.Tensor2D, v: tf.Tensor) =>
  tf.reshape(tf.matMul(a, tf.reshape(v, [-1, 1])), [-1]);

/** `p - g / 5` */
const innerOptimizer = defineOptimizer({
  name: "gradient descent",
  slotNames: [],
  init: () => ({ step: 0, update: 0, slots: {} }),
  coefficients: () => ({}),
  apply: ({ gradients, params }) => ({
    params: mapParams((p, g) => tf.sub(p, tf.div(g, 5)), params, gradients),
    slots: {},
  }),
  adjoint: () => {
    throw new Error("iMAML does not go back through its steps");
  },
  learningRate: () => 0.2,
});

// Support loss: w A w / 2 - b w + u w_1 with A = (2 1; 1 3) and b = (2, 1). Query loss: |w|^2 / 2 + u^2.
const model = {
  name: "quadratic",
  init: async (): Promise<Params> => ({ w: tf.tensor1d([1, 2]), u: tf.scalar(0) }),
  loss: ({ w, u }: Params, { isSupport }: Record<string, tf.Tensor>) => {
    const [at, shift] = [w as tf.Tensor1D, u as tf.Scalar];
    const half = tf.mul(tf.dot(at, times(matrix, at)), 0.5);
    const linear = tf.sub(tf.dot(tf.tensor1d([2, 1]), at), tf.mul(shift, tf.slice(at, 0, 1)));
    const query = tf.add(tf.mul(tf.dot(at, at), 0.5), tf.square(shift));
    const support = tf.reshape(tf.sub(half, linear), []);
    return tf.where(tf.cast(isSupport as tf.Tensor, "bool"), support, query) as tf.Scalar;
  },
};
const support = { isSupport: tf.scalar(1) };
const query = { isSupport: tf.scalar(0) };
const state = { optimizer: { step: 0, update: 0, slots: {} } };

// With theta = (1, 2) the inner loop ends at phi = (A + lambda)^-1 (b + lambda theta), and the
// meta-gradient is x = lambda (A + lambda)^-1 phi; that of u is -x_1 / lambda.
test.each([
  // (3 1; 1 4)^-1 = (4 -1; -1 3) / 11, phi = (9, 6) / 11
  [1, [30 / 121, 9 / 121], -30 / 121],
  // (4 1; 1 5)^-1 = (5 -1; -1 4) / 19, phi = (15, 16) / 19
  [2, [118 / 361, 98 / 361], -59 / 361],
])("on a quadratic the meta-gradient is the closed form, lambda %i", async (lambda, w, u) => {
  const learner = imaml({
    innerOptimizer,
    innerSteps: 100,
    solverSteps: 2,
    proximalWeight: lambda,
    adapt: ["w"],
  });
  const episode = { tasks: [], support: [support], query };
  const { gradients } = learner.metaGradient(
    createObjective(model),
    await model.init(),
    [episode, episode],
    state,
  );
  gradients.w?.dataSync().forEach((value, i) => {
    expect(value).toBeCloseTo(w[i] ?? 0, 6);
  });
  expect(gradients.u?.dataSync()[0]).toBeCloseTo(u, 6);
});

test("the pull keeps adapted parameters near where they started", async () => {
  const params = await model.init();
  const adapted = (proximalWeight: number) =>
    imaml({ innerOptimizer, innerSteps: 100, proximalWeight, adapt: ["w"] }).adapt(
      createObjective(model),
      params,
      [support],
      state,
    ).w as tf.Tensor;
  // (A + lambda)^-1 (b + lambda theta), as above
  const [first, second] = adapted(2).dataSync();
  expect(first).toBeCloseTo(15 / 19, 6);
  expect(second).toBeCloseTo(16 / 19, 6);
});

test("conjugate gradients solve a system of two unknowns in two steps, and stay there", () => {
  const multiply = ({ v }: Params) => ({ v: times(matrix, v as tf.Tensor) });
  // (2 1; 1 3)^-1 = (3 -1; -1 2) / 5
  for (const steps of [2, 6]) {
    const before = tf.memory().numTensors;
    const b = { v: tf.tensor1d([1, 2]) };
    const x = conjugateGradient(multiply, b, steps);
    const [first, second] = (x.v as tf.Tensor).dataSync();
    expect(first).toBeCloseTo(0.2, 6);
    expect(second).toBeCloseTo(0.6, 6);
    tf.dispose([x, b]);
    expect(tf.memory().numTensors).toBe(before);
  }
});

test("the proximal weight must be above 0", () => {
  expect(() => imaml({ innerOptimizer, proximalWeight: 0 })).toThrow(
    "[BAD_OPTION] proximalWeight: expected a number above 0, got 0.",
  );
});
