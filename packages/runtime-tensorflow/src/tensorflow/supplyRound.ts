import * as tf from "@tensorflow/tfjs";
import type { NodeBackend } from "../binding/kernels.js";

/** TensorFlow's own rounding of int32 gives zeros (seen with 2.21 on the CPU): leave integers alone. */
const kernelFunc: tf.KernelFunc = ({ inputs, backend }) => {
  const { x } = inputs as { x: tf.TensorInfo };
  const node = backend as NodeBackend;
  if (x.dtype !== "int32") return node.executeSingleInput("Round", x);
  node.incRef(x.dataId); // the output is the same data
  return { dataId: x.dataId, shape: x.shape, dtype: x.dtype };
};

/** Replaces the kernel that rounds, once. */
export function supplyRound(backendName: string): void {
  if (tf.getKernel("Round", backendName)?.kernelFunc === kernelFunc) return;
  tf.unregisterKernel("Round", backendName);
  tf.registerKernel({ kernelName: "Round", backendName, kernelFunc });
}
