import * as tf from "@tensorflow/tfjs";
import { savesInputsOnly } from "./tape/customGradients.js";

/**
 * Cross-entropy per row: the negative log-likelihood, in nats, of one class under `softmax(logits)`.
 *
 * The gradient `softmax(logits) - oneHot(classes)` is recomputed from the logits, so that the forward
 * pass saves nothing else for it. It can be differentiated again.
 *
 * @param logits  [rows, classes], float32
 * @param classes [rows], int32
 * @returns [rows]
 */
export function crossEntropy(logits: tf.Tensor2D, classes: tf.Tensor1D): tf.Tensor1D {
  const [, count] = logits.shape;
  const ofLogits = savesInputsOnly((x: unknown, save: unknown) => {
    const input = x as tf.Tensor2D;
    // Saved, because the caller may free the classes before the backward pass.
    (save as tf.GradSaveFunc)([input, classes]);
    const shifted = tf.sub(input, tf.max(input, 1, true)); // exp cannot overflow
    const picked = tf.sum(tf.mul(shifted, tf.oneHot(classes, count, 1, 0, "float32")), 1);
    const value = tf.sub(tf.log(tf.sum(tf.exp(shifted), 1)), picked);
    const gradFunc = (dy: tf.Tensor, saved: tf.Tensor[]) => {
      const [logits, classes] = saved as [tf.Tensor2D, tf.Tensor1D];
      const error = tf.sub(tf.softmax(logits), tf.oneHot(classes, count, 1, 0, "float32"));
      return tf.mul(tf.expandDims(dy, 1), error);
    };
    return { value, gradFunc };
  });
  const negativeLogLikelihood = tf.customGrad(ofLogits);
  return negativeLogLikelihood(logits) as tf.Tensor1D;
}
