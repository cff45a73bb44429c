import type * as tf from "@tensorflow/tfjs";
import type { Access } from "./access.js";

/** Arguments of the kernel `OneHot`. */
export interface OneHotCall {
  /** Any shape, int32. */
  readonly inputs: { readonly indices: tf.TensorInfo };
  readonly attrs: {
    readonly depth: number;
    readonly onValue: number;
    readonly offValue: number;
    readonly dtype: tf.DataType;
  };
}

/** `onValue` at each index and `offValue` elsewhere, also for an index out of range: [..., depth]. */
export function oneHot(
  { view, filled }: Access,
  { inputs: { indices }, attrs: { depth, onValue, offValue, dtype } }: OneHotCall,
): tf.TensorInfo {
  const { tensor, values } = filled([...indices.shape, depth], dtype, offValue);
  view(indices).forEach((index, row) => {
    if (index >= 0 && index < depth) values[row * depth + index] = onValue;
  });
  return tensor;
}
