import * as tf from "@tensorflow/tfjs";
import { sumTo } from "../secondOrder/gradient.js";
import type { CustomGradient } from "./engine.js";

/**
 * Operations that TensorFlow.js implements as custom gradients, by the scope in which they run, with the
 * correction of each. All have been compared with finite differences.
 */
export const repairs: ReadonlyMap<string, (f: CustomGradient) => CustomGradient> = new Map([
  ["fusedConv2d__op", ofOneImage],
  ["fusedDepthwiseConv2d__op", ofOneImage],
  ["fusedMatMul__op", ofBatches],
  ["logSigmoid__op", () => logSigmoid],
  ["logSoftmax__op", (f) => f],
  ["softmaxCrossEntropy__op", () => softmaxCrossEntropy],
]);

/** Corrects a single image without batch axis: the saved output has one, so `dy` is given one too. */
function ofOneImage(f: CustomGradient): CustomGradient {
  return (...args) => {
    const { value, gradFunc } = f(...args);
    return {
      value,
      gradFunc: (dy, saved) => gradFunc(tf.reshape(dy, (saved[2] as tf.Tensor).shape), saved),
    };
  };
}

/** Corrects broadcast batches: the gradient of a repeated operand is the sum over its copies. */
function ofBatches(f: CustomGradient): CustomGradient {
  return (...args) => {
    const { value, gradFunc } = f(...args);
    const shapes = args.map((input) => (input as tf.Tensor).shape);
    const summed = (dx: tf.Tensor, i: number) => sumTo(dx, shapes[i] as number[]);
    return { value, gradFunc: (dy, saved) => [gradFunc(dy, saved)].flat().map(summed) };
  };
}

/** log(sigmoid(x)). TensorFlow.js does not save the input, which may be freed before the backward pass. */
const logSigmoid: CustomGradient = (...args) => {
  const [x, save] = args as [tf.Tensor, tf.GradSaveFunc];
  save([x]);
  return {
    value: tf.neg(tf.softplus(tf.neg(x))),
    gradFunc: (dy, [x]) => tf.mul(dy, tf.sigmoid(tf.neg(x as tf.Tensor))),
  };
};

/**
 * Cross-entropy with the correct gradient. TensorFlow.js assumes that the labels of a row sum to one, and
 * its gradient with respect to the labels is wrong.
 */
const softmaxCrossEntropy: CustomGradient = (...args) => {
  const [labels, logits, save] = args as [tf.Tensor, tf.Tensor, tf.GradSaveFunc];
  save([labels, logits]);
  return {
    value: tf.neg(tf.sum(tf.mul(tf.logSoftmax(logits), labels), -1)),
    gradFunc(dy, saved) {
      const [labels, logits] = saved as [tf.Tensor, tf.Tensor];
      const weight = tf.expandDims(dy, -1);
      const mass = tf.sum(tf.cast(labels, "float32"), -1, true);
      return [
        tf.neg(tf.mul(weight, tf.logSoftmax(logits))),
        tf.mul(weight, tf.sub(tf.mul(tf.softmax(logits), mass), labels)),
      ];
    },
  };
};
