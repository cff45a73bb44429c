import * as tf from "@tensorflow/tfjs";

/** Arguments of the kernel `BatchMatMul`. */
interface MatMulCall {
  readonly a: tf.TensorInfo;
  readonly b: tf.TensorInfo;
  readonly transposeA: boolean;
  readonly transposeB: boolean;
}

/**
 * A matrix product that transposes its inputs before it calls `multiply`, the product of the WASM backend, which has a
 * fast path for untransposed matrices and takes 4 to 40 times as long for transposed ones. Half of the products in a
 * gradient have a transposed input.
 */
export function transposeFirst(multiply: tf.KernelFunc): tf.KernelFunc {
  return ({ inputs, backend, attrs }) => {
    const { a, b, transposeA, transposeB } = { ...inputs, ...attrs } as unknown as MatMulCall;
    const copies: tf.TensorInfo[] = [];
    const transposed = (x: tf.TensorInfo) => {
      const copy = transpose(x, backend);
      copies.push(copy);
      return copy;
    };
    try {
      return multiply({
        inputs: { a: transposeA ? transposed(a) : a, b: transposeB ? transposed(b) : b },
        backend,
        attrs: { transposeA: false, transposeB: false },
      });
    } finally {
      for (const { dataId } of copies) (backend as tf.KernelBackend).disposeData(dataId);
    }
  };
}

/** Swaps the last two axes. */
function transpose(x: tf.TensorInfo, backend: object): tf.TensorInfo {
  const axes = x.shape.map((_, axis) => axis);
  const perm = [...axes.slice(0, -2), axes.length - 1, axes.length - 2];
  const { kernelFunc } = tf.getKernel("Transpose", "wasm");
  return kernelFunc({ inputs: { x }, backend, attrs: { perm } }) as tf.TensorInfo;
}
