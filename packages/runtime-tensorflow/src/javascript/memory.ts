import type { RuntimeMemory } from "@metalearn/core";
import * as tf from "@tensorflow/tfjs";

/** Memory of the engines inside this process, as TensorFlow.js counts it. */
export function memoryOfTensorFlowJs(): RuntimeMemory {
  const { numTensors, numBytes } = tf.memory();
  return { tensors: numTensors, tensorBytes: numBytes, processBytes: process.memoryUsage.rss() };
}
