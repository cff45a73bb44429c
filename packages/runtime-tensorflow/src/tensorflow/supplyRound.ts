import * as tf from "@tensorflow/tfjs";
import type { NodeBackend } from "../binding/kernels.js";

/** Kernel that rounds, and returns integers unchanged: TensorFlow's own gives zeros for int32 (2.21 on the CPU). */
const kernelFunc: tf.KernelFunc = ({ inputs, backend }) => {
  const { x } = inputs as { x: tf.TensorInfo };
  const node = backend as NodeBackend;
  if (x.dtype !== "int32") return node.executeSingleInput("Round", x);
  node.incRef(x.dataId); // the output is the same data
  return { dataId: x.dataId, shape: x.shape, dtype: x.dtype };
};

/** Registers the corrected kernel for rounding, once. */
export function supplyRound(backendName: string): void {
  if (tf.getKernel("Round", backendName)?.kernelFunc === kernelFunc) return;
  tf.unregisterKernel("Round", backendName);
  tf.registerKernel({ kernelName: "Round", backendName, kernelFunc });
}
