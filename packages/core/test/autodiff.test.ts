import * as tf from "@tensorflow/tfjs";
import { describe, expect, test } from "vitest";
import { crossEntropy } from "../src/autodiff/crossEntropy.js";
import {
  finiteDifferenceHvp,
  hessianVectorProduct,
  valueAndGradients,
} from "../src/autodiff/gradients.js";
import { globalNorm, mapParams, type Params } from "../src/params.js";
import { derivativeErrors, unitDirection } from "../src/testing/index.js";

/** Values between -1.5 and 1.5 that repeat nowhere. */
function values(shape: number[], phase: number): tf.Tensor {
  const size = tf.util.sizeFromShape(shape);
  return tf.tensor(
    Array.from({ length: size }, (_, i) => 1.5 * Math.sin(1.3 * i + phase)),
    shape,
  );
}

/** A curved scalar of an operation's output, so that no path through it has derivative zero. */
function probe(output: tf.Tensor): tf.Scalar {
  return tf.sum(tf.mul(tf.add(output, tf.square(output)), values(output.shape, 0.4))) as tf.Scalar;
}

const ids = tf.tensor2d([2, 0, 3, 3, 1, 2], [2, 3], "int32");

/** Every operation of GPT-2's loss, each as the model uses it. */
const operations: Record<string, { x: number[]; op: (x: tf.Tensor) => tf.Tensor }> = {
  "gather of rows": { x: [5, 4], op: (x) => tf.gather(x, ids) },
  "slice of rows": { x: [5, 4], op: (x) => tf.slice(x as tf.Tensor2D, [0, 0], [3, 4]) },
  "add, broadcast": { x: [4], op: (x) => tf.add(values([3, 4], 1), x) },
  "sub of the mean": { x: [3, 4], op: (x) => tf.sub(x, tf.mean(x, -1, true)) },
  "mul of two paths": { x: [3, 4], op: (x) => tf.mul(x, tf.mul(x, x)) },
  square: { x: [3, 4], op: tf.square },
  rsqrt: { x: [3, 4], op: (x) => tf.rsqrt(tf.add(tf.square(x), 0.3)) },
  reshape: { x: [3, 4], op: (x) => tf.reshape(x, [2, 6]) },
  transpose: { x: [2, 3, 2, 2], op: (x) => tf.transpose(x, [0, 2, 1, 3]) },
  split: {
    x: [3, 4],
    op: (x) => tf.mul(...(tf.split(x, 2, 1) as [tf.Tensor, tf.Tensor])),
  },
  "sum over an axis": { x: [3, 4], op: (x) => tf.sum(x, 1) },
  "matMul, left": { x: [3, 4], op: (x) => tf.matMul(x, values([4, 5], 2)) },
  "matMul, right": { x: [4, 5], op: (x) => tf.matMul(values([3, 4], 2), x) },
  "matMul, right transposed": {
    x: [5, 4],
    op: (x) => tf.matMul(values([3, 4], 2), x, false, true),
  },
  "matMul of a batch with itself": {
    x: [2, 2, 3, 4],
    op: (x) => tf.matMul(x, x, false, true),
  },
  exp: { x: [3, 4], op: tf.exp },
  tanh: { x: [3, 4], op: tf.tanh },
  sigmoid: { x: [3, 4], op: tf.sigmoid },
  softmax: { x: [3, 4], op: (x) => tf.softmax(x) },
  "softmax under a causal mask": {
    x: [1, 2, 3, 3],
    op: (x) => {
      const lower = tf.linalg.bandPart(tf.ones([3, 3]), -1, 0);
      return tf.softmax(tf.add(x, tf.mul(tf.sub(1, lower), -1e9)));
    },
  },
  "cross-entropy": {
    x: [4, 5],
    op: (x) => crossEntropy(x as tf.Tensor2D, tf.tensor1d([0, 4, 2, 2], "int32")),
  },
};

describe("derivatives agree with central differences", () => {
  test.each(Object.entries(operations))("%s", (_, { x, op }) => {
    // The inner product with itself makes the second derivative go through the operation's own.
    const f = ({ x }: Params) =>
      probe(op(tf.add(x as tf.Tensor, tf.mul(tf.square(x as tf.Tensor), 0.3))));
    const errors = derivativeErrors(f, { x: values(x, 0.7) });
    expect(errors.gradient).toBeLessThan(2e-3);
    expect(errors.hvp).toBeLessThan(2e-3);
  });

  test("over several tensors at once", () => {
    const f = ({ w, b }: Params) =>
      probe(tf.tanh(tf.add(tf.matMul(values([3, 4], 1), w as tf.Tensor2D), b as tf.Tensor)));
    const errors = derivativeErrors(f, { w: values([4, 2], 0.1), b: values([2], 0.5) });
    expect(errors.gradient).toBeLessThan(2e-3);
    expect(errors.hvp).toBeLessThan(2e-3);
  });
});

describe("valueAndGradients", () => {
  test("gives zeros for a tensor that the function does not use", () => {
    const { gradients } = valueAndGradients(({ a }) => tf.sum(a as tf.Tensor) as tf.Scalar, {
      a: tf.ones([2]),
      b: tf.ones([3]),
    });
    expect(gradients.b?.arraySync()).toEqual([0, 0, 0]);
  });

  test("restricts the gradient to the names it is given", () => {
    const { gradients } = valueAndGradients(
      ({ a, b }) => tf.sum(tf.mul(a as tf.Tensor, b as tf.Tensor)) as tf.Scalar,
      { a: tf.tensor1d([1, 2]), b: tf.tensor1d([3, 4]) },
      ["b"],
    );
    expect(Object.keys(gradients)).toEqual(["b"]);
    expect(gradients.b?.arraySync()).toEqual([1, 2]);
  });

  test("refuses a function that returns no scalar", () => {
    const f = ({ a }: Params) => a as tf.Scalar;
    expect(() => valueAndGradients(f, { a: tf.ones([2]) })).toThrow(
      "[SHAPE_MISMATCH] Expected the function to differentiate to return a scalar, got shape [2].",
    );
  });

  test("leaves no tensor behind but its results", () => {
    const params = { x: values([3, 4], 1) };
    const before = tf.memory().numTensors;
    const { value, gradients } = valueAndGradients(
      ({ x }) => probe(tf.tanh(x as tf.Tensor)),
      params,
    );
    expect(tf.memory().numTensors).toBe(before + 2);
    value.dispose();
    gradients.x?.dispose();
  });
});

describe("Hessian-vector products", () => {
  // f(x) = sum x^3 / 6 has the Hessian diag(x).
  const cubic = ({ x }: Params) => tf.sum(tf.div(tf.pow(x as tf.Tensor, 3), 6)) as tf.Scalar;
  const x = tf.tensor1d([1, -2, 3]);
  const v = tf.tensor1d([4, 5, 6]);

  test("of a cubic are known in closed form", () => {
    const hvp = hessianVectorProduct(cubic, { x }, { x: v });
    expect(hvp.x?.arraySync()).toEqual([4, -10, 18]);
  });

  test("by finite differences come close to the exact ones", () => {
    const approximate = finiteDifferenceHvp(cubic, { x }, { x: v }).x?.arraySync() as number[];
    [4, -10, 18].forEach((exact, i) => {
      expect(approximate[i]).toBeCloseTo(exact, 1);
    });
  });

  test("by finite differences of a zero vector are zero", () => {
    const hvp = finiteDifferenceHvp(cubic, { x }, { x: tf.zerosLike(v) });
    expect(hvp.x?.arraySync()).toEqual([0, 0, 0]);
  });

  test("treat tensors that the vector leaves out as zero", () => {
    // f(a, b) = sum a^2 b: with v = (va, 0) the product is (2 b va, 2 a va).
    const f = ({ a, b }: Params) =>
      tf.sum(tf.mul(tf.square(a as tf.Tensor), b as tf.Tensor)) as tf.Scalar;
    const params = { a: tf.tensor1d([1, 2]), b: tf.tensor1d([3, 5]) };
    const hvp = hessianVectorProduct(f, params, { a: tf.tensor1d([1, 10]) });
    expect(hvp.a?.arraySync()).toEqual([6, 100]);
    expect(hvp.b?.arraySync()).toEqual([2, 40]);
  });

  test("are symmetric: u H v = v H u", () => {
    const f = ({ w }: Params) => probe(tf.softmax(tf.matMul(values([3, 4], 1), w as tf.Tensor2D)));
    const params = { w: values([4, 5], 0.3) };
    const [u, w] = [unitDirection(params, 1), unitDirection(params, 2)];
    const product = (a: Params, b: Params) => {
      const hvp = hessianVectorProduct(f, params, b);
      return Number(tf.sum(tf.mul(a.w as tf.Tensor, hvp.w as tf.Tensor)).dataSync()[0]);
    };
    expect(product(u, w)).toBeCloseTo(product(w, u), 4);
    expect(Math.abs(product(u, w))).toBeGreaterThan(0.01);
  });

  test("leave no tensor behind but their results", () => {
    const before = tf.memory().numTensors;
    const hvp = hessianVectorProduct(cubic, { x }, { x: v });
    expect(tf.memory().numTensors).toBe(before + 1);
    hvp.x?.dispose();
  });
});

test("cross-entropy stays finite for extreme logits", () => {
  // log(e^0 + e^-1000) = 0, so that the losses are the distances to the largest logit.
  const logits = tf.tensor2d([
    [1000, 0],
    [-1000, 0],
  ]);
  const losses = crossEntropy(logits, tf.tensor1d([1, 1], "int32"));
  expect(losses.arraySync()).toEqual([1000, 0]);
});

test("the norm of several tensors is that of all their elements together", () => {
  const norm = globalNorm(mapParams((t) => t, { a: tf.tensor1d([3]), b: tf.tensor2d([[0, 4]]) }));
  expect(norm.arraySync()).toBe(5);
});
