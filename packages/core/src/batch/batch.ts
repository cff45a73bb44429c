import type * as tf from "@tensorflow/tfjs";

/** Inputs of one forward pass: named tensors. */
export type Batch = Readonly<Record<string, tf.Tensor>>;
