import * as tf from "@tensorflow/tfjs";
import { accessTo } from "./access.js";
import { type OneHotCall, oneHot } from "./oneHot.js";
import { repeatBatches } from "./repeatBatches.js";
import { type SegmentSumCall, segmentSum } from "./segmentSum.js";
import { transposeFirst } from "./transposeFirst.js";

/** Makes a kernel, possibly from the existing one. */
type Recipe = (stock: tf.KernelFunc) => tf.KernelFunc;

/** Kernels that language models need and that TensorFlow.js lacks, or has with errors or too slow. */
const recipes: Readonly<Record<"wasm" | "cpu", Readonly<Record<string, Recipe>>>> = {
  wasm: {
    // There is none.
    UnsortedSegmentSum: () => segmentSumOn("wasm"),
    // The stock kernel writes int32 for any requested type: 1 becomes 1e-45 in float32, and for bool it writes past the
    // end of the tensor.
    OneHot:
      () =>
      ({ backend, ...call }) =>
        oneHot(accessTo.wasm(backend), call as unknown as OneHotCall),
    BatchMatMul: (stock) => repeatBatches(transposeFirst(stock), "wasm"),
  },
  cpu: {
    // The stock kernel passes over all rows for every segment: minutes for a vocabulary of 50,000.
    UnsortedSegmentSum: () => segmentSumOn("cpu"),
    BatchMatMul: (stock) => repeatBatches(stock, "cpu"),
  },
};

/**
 * Kernels of TensorFlow.js 4.22 that give wrong numbers: some start maxima at the smallest positive
 * number, others add to memory that was not cleared. Without them there is an error.
 */
const wrong: Readonly<Record<"wasm" | "cpu", readonly string[]>> = {
  wasm: [
    tf.Conv3DBackpropFilterV2,
    tf.Conv3DBackpropInputV2,
    tf.Dilation2D,
    tf.Dilation2DBackpropFilter,
    tf.Dilation2DBackpropInput,
    tf.MaxPool3D,
    tf.MaxPool3DGrad,
    tf.MaxPoolGrad,
  ],
  cpu: [],
};

function segmentSumOn(backendName: "wasm" | "cpu"): tf.KernelFunc {
  return ({ backend, ...call }) =>
    segmentSum(accessTo[backendName](backend), call as unknown as SegmentSumCall);
}

const supplied = new WeakSet<tf.KernelFunc>();

/** Registers the missing and corrected kernels of a backend, and removes wrong ones. A second call changes nothing. */
export function supplyKernels(backendName: "wasm" | "cpu"): void {
  for (const kernelName of wrong[backendName]) {
    if (tf.getKernel(kernelName, backendName)) tf.unregisterKernel(kernelName, backendName);
  }
  for (const [kernelName, recipe] of Object.entries(recipes[backendName])) {
    const stock = tf.getKernel(kernelName, backendName) as tf.KernelConfig | undefined;
    if (stock && supplied.has(stock.kernelFunc)) continue;
    const missing: tf.KernelFunc = () => {
      throw new Error(`TensorFlow.js has no kernel ${kernelName} for ${backendName}`);
    };
    const kernelFunc = recipe(stock?.kernelFunc ?? missing);
    supplied.add(kernelFunc);
    if (stock) tf.unregisterKernel(kernelName, backendName);
    // Our kernel needs the same set-up as the stock kernel, which it inherits.
    tf.registerKernel({ ...stock, kernelName, backendName, kernelFunc });
  }
}
