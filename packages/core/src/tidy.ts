import * as tf from "@tensorflow/tfjs";

/** `tf.tidy` for a function that returns any nest of objects and arrays that holds tensors. */
export function tidy<T>(fn: () => T): T {
  return tf.tidy(fn as () => tf.TensorContainer) as T;
}
