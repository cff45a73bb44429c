import * as tf from "@tensorflow/tfjs";
import type { CustomGradient } from "./engine.js";

const asItIs = (f: CustomGradient): CustomGradient => f;

/**
 * The operations of TensorFlow.js that are custom gradients, by the scope in which they run, with what
 * has to be mended. All have been compared with finite differences.
 */
export const repairs: Readonly<Record<string, (f: CustomGradient) => CustomGradient>> = {
  fusedConv2d__op: ofOneImage,
  fusedDepthwiseConv2d__op: ofOneImage,
  fusedMatMul__op: asItIs,
  logSigmoid__op: () => logSigmoid,
  logSoftmax__op: asItIs,
  softmaxCrossEntropy__op: () => softmaxCrossEntropy,
};

/** The gradient of a value without batch axis is taken of one with it, which is what was saved. */
function ofOneImage(f: CustomGradient): CustomGradient {
  return (...args) => {
    const { value, gradFunc } = f(...args);
    return {
      value,
      gradFunc: (dy, saved) => gradFunc(tf.reshape(dy, (saved[2] as tf.Tensor).shape), saved),
    };
  };
}

/** TensorFlow.js does not save the input, which may be freed by then. */
const logSigmoid: CustomGradient = (...args) => {
  const [x, save] = args as [tf.Tensor, tf.GradSaveFunc];
  save([x]);
  return {
    value: tf.neg(tf.softplus(tf.neg(x))),
    gradFunc: (dy, [x]) => tf.mul(dy, tf.sigmoid(tf.neg(x as tf.Tensor))),
  };
};

/**
 * A cross-entropy with the gradient that it has. TensorFlow.js takes it for granted that the labels of a
 * row sum to one, and has the gradient by the labels wrong.
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
