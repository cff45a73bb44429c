import type { TensorRuntime } from "@metalearn/core";
import * as tf from "@tensorflow/tfjs";
import { requireNoOther } from "../sharedEngine.js";
import { memoryOfTensorFlowJs } from "./memory.js";
import { supplyKernels } from "./supplyKernels.js";

/**
 * TensorFlow.js in plain JavaScript: needs nothing, and is hundreds of times slower than
 * TensorFlow. From now on TensorFlow.js computes with it, in the whole process.
 *
 * @throws MetaError `BAD_OPTION` while another engine is in use
 */
export async function cpu(): Promise<TensorRuntime> {
  requireNoOther("cpu");
  activateCpuBackend();
  return {
    name: "cpu",
    device: "cpu",
    version: tf.version["tfjs-backend-cpu"],
    compile: (fn) => fn,
    compilations: () => [],
    memory: memoryOfTensorFlowJs,
    dispose() {}, // nothing but tensors, which JavaScript's garbage collector owns
  };
}

/** Makes TensorFlow.js compute in plain JavaScript, without the advertisement it prints there. */
export function activateCpuBackend(): void {
  void tf.setBackend("cpu"); // takes effect at once: this backend needs no loading
  (tf.backend() as tf.KernelBackend & { firstUse: boolean }).firstUse = false;
  supplyKernels("cpu");
}
