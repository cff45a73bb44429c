import * as tf from "@tensorflow/tfjs";
import { any, exact, type Operation, on, positive } from "./operation.js";

type T = tf.Tensor;
type T2 = tf.Tensor2D;

const einsum = (equation: string, ...shapes: number[][]) =>
  on((...x: T[]) => tf.einsum(equation, ...x), ...shapes.map((shape) => any(...shape)));

const fused = (activation: "linear" | "relu" | "elu" | "sigmoid" | "leakyrelu" | "relu6") =>
  on(
    (a: T2, b: T2, bias: T) => tf.fused.matMul({ a, b, bias, activation }),
    any(2, 3),
    any(3, 4),
    any(4),
  );

const lstmWeights = [any(4, 8), any(8)];

/** Products of matrices and tensors. */
export const products: Readonly<Record<string, Operation>> = {
  basicLSTMCell: exact(
    on(
      (kernel: T2, bias: tf.Tensor1D, data: T2, c: T2, h: T2) =>
        tf.basicLSTMCell(tf.scalar(1), kernel, bias, data, c, h),
      ...lstmWeights,
      any(1, 2),
      any(1, 2),
      any(1, 2),
    ),
  ),
  dot: exact(on(tf.dot, any(2, 3), any(3, 2)), { "of vectors": on(tf.dot, any(3), any(3)) }),
  einsum: {
    exact: {
      "": einsum("ij,jk->ik", [2, 3], [3, 4]),
      "of batches": einsum("bij,bkj->bik", [2, 2, 3], [2, 4, 3]),
      "one side by the other's sums": einsum("ij,j->i", [2, 3], [3]),
      "to a scalar": einsum("ij,ij->", [2, 3], [2, 3]),
      "of one tensor": einsum("ijk->ki", [2, 3, 2]),
      "of one tensor to a scalar": einsum("ij->", [2, 3]),
      "an outer product": einsum("i,j->ij", [2], [3]),
    },
  },
  "fused.matMul": {
    exact: {
      "": fused("linear"),
      "without bias, transposed": on(
        (a: T2, b: T2) => tf.fused.matMul({ a, b, transposeA: true, transposeB: true }),
        any(3, 2),
        any(4, 3),
      ),
      relu: fused("relu"),
      elu: fused("elu"),
      sigmoid: fused("sigmoid"),
      leakyrelu: fused("leakyrelu"),
      relu6: fused("relu6"),
      prelu: on(
        (a: T2, b: T2, preluActivationWeights: T) =>
          tf.fused.matMul({ a, b, activation: "prelu", preluActivationWeights }),
        any(2, 3),
        any(3, 4),
        positive(4),
      ),
    },
  },
  "linalg.bandPart": exact(
    on((x: T) => tf.linalg.bandPart(x, 1, 0), any(2, 3, 3)),
    {
      "of one matrix": on((x: T) => tf.linalg.bandPart(x, -1, 0), any(2, 3)),
    },
  ),
  "linalg.gramSchmidt": exact(on((x: T2) => tf.linalg.gramSchmidt(x) as T, any(2, 3))),
  "linalg.qr": exact(on((x: T2) => tf.linalg.qr(x), any(3, 2))),
  matMul: exact(
    on((a: T, b: T) => tf.matMul(a, b), any(2, 3), any(3, 4)),
    {
      "the left side transposed": on((a: T, b: T) => tf.matMul(a, b, true), any(3, 2), any(3, 4)),
      "the right side transposed": on(
        (a: T, b: T) => tf.matMul(a, b, false, true),
        any(2, 3),
        any(4, 3),
      ),
      "both sides transposed": on(
        (a: T, b: T) => tf.matMul(a, b, true, true),
        any(3, 2),
        any(4, 3),
      ),
      "a side repeated for a batch": on(
        (a: T, b: T) => tf.matMul(a, b),
        any(2, 2, 3),
        any(1, 3, 2),
      ),
    },
  ),
  multiRNNCell: exact(
    on(
      (kernel: T2, bias: tf.Tensor1D, data: T2, c: T2, h: T2) => {
        const cell = (data: T2, c: T2, h: T2) =>
          tf.basicLSTMCell(tf.scalar(1), kernel, bias, data, c, h);
        return tf.multiRNNCell([cell, cell], data, [c, c], [h, h]).flat();
      },
      ...lstmWeights,
      any(1, 2),
      any(1, 2),
      any(1, 2),
    ),
  ),
  outerProduct: exact(
    on((a: T, b: T) => tf.outerProduct(a as tf.Tensor1D, b as tf.Tensor1D), any(2), any(3)),
  ),
};
