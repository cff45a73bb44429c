import * as tf from "@tensorflow/tfjs";

/** Runs `tf.tidy` for a function that returns tensors in any nested objects and arrays. */
export function tidy<T>(fn: () => T): T {
  return tf.tidy(fn as () => tf.TensorContainer) as T;
}
