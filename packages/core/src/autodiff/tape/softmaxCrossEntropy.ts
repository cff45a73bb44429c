import * as tf from "@tensorflow/tfjs";
import type { CustomGradient } from "./engine.js";

/**
 * What `tf.losses.softmaxCrossEntropy` computes of each row, with the gradient that this has. TensorFlow.js
 * takes it for granted that the labels of a row sum to one, and has the gradient by labels wrong.
 */
export const softmaxCrossEntropy: CustomGradient = (...args) => {
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
