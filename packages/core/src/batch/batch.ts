import type * as tf from "@tensorflow/tfjs";

/** What a model sees at once: named tensors. */
export type Batch = Readonly<Record<string, tf.Tensor>>;
