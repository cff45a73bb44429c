import * as tf from "@tensorflow/tfjs";

/**
 * A matrix product that repeats a side along batch axes where it has one matrix for several of the other side. The
 * kernels of TensorFlow.js cycle through a side's matrices, which is right only if all its repeated axes come first:
 * queries `[batch, heads, ...]` times keys `[batch, 1, ...]` give wrong results.
 */
export function repeatBatches(multiply: tf.KernelFunc, backendName: "wasm" | "cpu"): tf.KernelFunc {
  return ({ inputs, backend, attrs }) => {
    const { a, b } = inputs as { a: tf.TensorInfo; b: tf.TensorInfo };
    const batches = (x: tf.TensorInfo) => x.shape.slice(0, -2);
    const whole = tf.backend_util.assertAndGetBroadcastShape(batches(a), batches(b));
    const copies: tf.TensorInfo[] = [];
    const repeated = (x: tf.TensorInfo) => {
      const own = batches(x);
      const first = own.findIndex((length) => length !== 1);
      const turns = first < 0 ? [] : own.slice(first);
      if (tf.util.arraysEqual(turns, turns.length ? whole.slice(-turns.length) : [])) return x;
      const { kernelFunc } = tf.getKernel("Tile", backendName);
      const offset = whole.length - own.length;
      const reps = own.map((length, axis) => Number(whole[offset + axis]) / length);
      const copy = kernelFunc({ inputs: { x }, backend, attrs: { reps: [...reps, 1, 1] } });
      copies.push(copy as tf.TensorInfo);
      return copy as tf.TensorInfo;
    };
    try {
      return multiply({ inputs: { a: repeated(a), b: repeated(b) }, backend, attrs });
    } finally {
      for (const { dataId } of copies) (backend as tf.KernelBackend).disposeData(dataId);
    }
  };
}
