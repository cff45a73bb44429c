import * as tf from "@tensorflow/tfjs";
import { eagerBackendName, graphBackendName } from "../binding/backendNames.js";
import type { NodeBackend } from "../binding/kernels.js";
import type { GraphBackend } from "./graphBackend.js";

/** Kernels that differ from those of the eager backend, because they use values or data ids. */
const kernels: Readonly<Record<string, tf.KernelFunc>> = {
  /** The other one reads the indices to check them; here the check is made on each call. */
  GatherV2({ inputs, attrs, backend }) {
    const { x, indices } = inputs as { x: tf.TensorInfo; indices: tf.TensorInfo };
    const { axis, batchDims } = attrs as unknown as { axis: number; batchDims: number };
    const graph = backend as GraphBackend;
    const { TF_ATTR_INT } = graph.binding;
    tf.backend_util.segment_util.collectGatherOpShapeInfo(
      x as tf.Tensor,
      indices as tf.Tensor,
      axis,
      batchDims,
    );
    const [indicesId] = graph.getInputTensorIds([indices]) as [number];
    graph.trace.requireBelow(indicesId, x.shape[axis] as number);
    return tf.tidy(() =>
      graph.executeSingleOutput(
        "GatherV2",
        [{ name: "batch_dims", type: TF_ATTR_INT, value: batchDims }],
        [x, indices, tf.scalar(axis, "int32")],
      ),
    );
  },
  /** The other one counts one more use of the data, which may be another backend's or a variable's. */
  Identity({ inputs, backend }) {
    const { x } = inputs as { x: tf.TensorInfo };
    const node = backend as NodeBackend;
    const [id] = node.getInputTensorIds([x]) as [number];
    return node.createOutputTensor({ id, shape: x.shape, dtype: node.getDTypeInteger(x.dtype) });
  },
};

/** Registers the eager backend's kernels for the graph backend, once. */
export function supplyGraphKernels(): void {
  if (tf.getKernel("Identity", graphBackendName)) return;
  tf.copyRegisteredKernels(eagerBackendName, graphBackendName);
  for (const [kernelName, kernelFunc] of Object.entries(kernels)) {
    tf.unregisterKernel(kernelName, graphBackendName);
    tf.registerKernel({ kernelName, backendName: graphBackendName, kernelFunc });
  }
}
