import * as tf from "@tensorflow/tfjs";
import { wave } from "./values.js";

const ids = (values: number[], shape: number[] = [values.length]) =>
  tf.tensor(Int32Array.from(values), shape, "int32");

/**
 * Operations of a GPT-2, their gradients, and the data types and sizes that break engines. Every engine must
 * give the same numbers as TensorFlow.js' plain JavaScript engine.
 */
export const languageModelOperations: Readonly<Record<string, () => tf.Tensor | tf.Tensor[]>> = {
  "matMul of matrices": () => tf.matMul(wave([3, 4]), wave([4, 5], 1)),
  "matMul with the left side transposed": () => tf.matMul(wave([4, 3]), wave([4, 5], 1), true),
  "matMul with the right side transposed": () =>
    tf.matMul(wave([3, 4]), wave([5, 4], 1), false, true),
  "matMul of batches": () => tf.matMul(wave([2, 3, 4, 5]), wave([2, 3, 5, 4], 1)),
  "matMul of batches, transposed": () =>
    tf.matMul(wave([2, 3, 4, 5]), wave([2, 3, 4, 5], 1), false, true),
  "matMul of a batch with one matrix": () => tf.matMul(wave([2, 3, 4]), wave([1, 4, 2], 1)),
  "matMul's gradient": () =>
    Object.values(
      tf.grads((a, b) => tf.sum(tf.square(tf.matMul(a, b))))([wave([3, 4]), wave([4, 2], 1)]),
    ),
  "gather of rows": () => tf.gather(wave([5, 3]), ids([4, 0, 4, 2], [2, 2])),
  "gather's gradient, which adds up repeated rows": () =>
    tf.grad((table) => tf.sum(tf.square(tf.gather(table, ids([1, 3, 1, 1])))))(wave([5, 3])),
  unsortedSegmentSum: () =>
    tf.unsortedSegmentSum(wave([4, 2, 3]), tf.tensor1d([2, 0, 2, -1], "int32"), 4),
  softmax: () => tf.softmax(wave([2, 3, 4, 4])),
  "softmax under a causal mask": () => {
    const lower = tf.linalg.bandPart(tf.ones([4, 4]), -1, 0);
    return tf.softmax(tf.add(wave([2, 4, 4]), tf.mul(tf.sub(1, lower), -1e9)));
  },
  "softmax's gradient": () =>
    tf.grad((x) => tf.sum(tf.square(tf.softmax(x as tf.Tensor2D))))(wave([3, 4])),
  "layer norm": () => {
    const x = wave([4, 6]);
    const centred = tf.sub(x, tf.mean(x, -1, true));
    const variance = tf.mean(tf.square(centred), -1, true);
    return tf.add(tf.mul(tf.mul(centred, tf.rsqrt(tf.add(variance, 1e-5))), wave([6], 1)), 0.5);
  },
  "tanh, exp, log, sqrt, sigmoid and erf": () => {
    const x = wave([10]);
    const positive = tf.add(tf.abs(x), 0.1);
    return [tf.tanh(x), tf.exp(x), tf.log(positive), tf.sqrt(positive), tf.sigmoid(x), tf.erf(x)];
  },
  "sums and maxima over axes": () => {
    const x = wave([3, 4, 5]);
    return [tf.sum(x), tf.sum(x, 0), tf.sum(x, [1, 2], true), tf.max(x, 1), tf.mean(x, [0, 2])];
  },
  "slice, pad and their gradients": () => [
    tf.slice(wave([4, 5]), [1, 2], [2, 3]),
    tf.grad((x) => tf.sum(tf.square(tf.slice(x, [1, 2], [2, 3]))))(wave([4, 5])),
    tf.pad(wave([2, 2]), [
      [1, 0],
      [0, 2],
    ]),
  ],
  concat: () => [
    tf.concat([wave([2, 3]), wave([2, 3], 1)], 0),
    tf.concat([wave([2, 3]), wave([2, 1], 1)], 1),
  ],
  "transpose of five axes": () => tf.transpose(wave([2, 3, 3, 2, 4]), [2, 0, 3, 1, 4]),
  "unstack and stack": () => {
    const parts = tf.unstack(wave([3, 2, 2]));
    return [...parts, tf.stack(parts, 1)];
  },
  "split and tile": () => [...tf.split(wave([4, 6]), 3, 1), tf.tile(wave([2, 1]), [2, 3])],
  "oneHot as float32": () => tf.oneHot(ids([0, 2, 5, -1]), 4, 1, 0, "float32"),
  "oneHot as int32": () => tf.oneHot(ids([1, 0]), 3, 7, -7, "int32"),
  "oneHot as bool": () => tf.oneHot(ids([1, 0], [2, 1]), 3, 1, 0, "bool"),
  "the moments of an optimizer": () => {
    const [g, m] = [wave([7]), wave([7], 1)];
    const v = tf.add(tf.mul(tf.square(g), 0.001), tf.mul(tf.square(m), 0.999));
    return tf.div(tf.add(tf.mul(m, 0.9), tf.mul(g, 0.1)), tf.add(tf.sqrt(v), 1e-8));
  },
  "divNoNan, minimum, maximum and where": () => {
    const [a, b] = [wave([6]), tf.relu(wave([6], 1))];
    return [tf.divNoNan(a, b), tf.minimum(a, b), tf.maximum(a, 0), tf.where(tf.less(a, b), a, b)];
  },
  "int32 arithmetic": () => {
    const [a, b] = [ids([7, -7, 2_000_000_011]), ids([2, 2, 3])];
    return [tf.add(a, b), tf.mul(a, b), tf.floorDiv(a, b), tf.sub(a, 1), tf.round(a)];
  },
  "logic on bool": () => {
    const [a, b] = [tf.tensor1d([true, false, true]), tf.tensor1d([true, true, false])];
    return [tf.logicalAnd(a, b), tf.logicalNot(a), tf.any(a), tf.all(b), tf.cast(a, "float32")];
  },
  "casts that lose something": () => [
    tf.cast(tf.tensor1d([1.9, -1.9, 0]), "int32"),
    tf.cast(ids([3, 0]), "float32"),
  ],
  "empty tensors": () => [
    tf.add(tf.zeros([0, 3]), tf.ones([3])),
    tf.concat([tf.zeros([0, 2]), wave([1, 2])], 0),
    tf.matMul(tf.zeros([0, 4]), wave([4, 2])),
    tf.sum(tf.zeros([0])),
  ],
  scalars: () => [tf.add(tf.scalar(2), tf.scalar(3)), tf.mul(wave([2, 2]), tf.scalar(2))],
  "infinities and NaN": () => {
    const x = tf.tensor1d([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0]);
    return [tf.add(x, 1), tf.mul(x, 0), tf.isNaN(x), tf.max(tf.slice(x, 1))];
  },
};
