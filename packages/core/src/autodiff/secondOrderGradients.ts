import * as tf from "@tensorflow/tfjs";
import { convolution } from "./secondOrder/convolution.js";
import { elementwise } from "./secondOrder/elementwise.js";
import { indexing } from "./secondOrder/indexing.js";
import { normalisation } from "./secondOrder/normalisation.js";
import { pooling } from "./secondOrder/pooling.js";
import { products } from "./secondOrder/products.js";
import { rearranging } from "./secondOrder/rearranging.js";
import { reductions } from "./secondOrder/reductions.js";
import { resizing } from "./secondOrder/resizing.js";
import { supplyBatchNormScale } from "./tape/batchNormScale.js";
import { recordCustomGradients } from "./tape/customGradients.js";
import { engine } from "./tape/engine.js";
import { recordOperations } from "./tape/operations.js";

let registered = false;

/**
 * Corrects second derivatives in TensorFlow.js: afterwards every operation has one that agrees with
 * finite differences, or raises an error that names it. `valueAndGradients` and `hessianVectorProduct`
 * call this themselves; call it before using `tf.grads` of `tf.grads` directly.
 *
 * It adds missing gradients, replaces wrong ones, and records saved outputs and the operations inside
 * custom gradients, which TensorFlow.js would treat as constants. See docs/second-order.md.
 */
export function registerSecondOrderGradients(): void {
  if (registered) return;
  registered = true;
  const added = [
    ...elementwise(),
    ...reductions,
    ...rearranging,
    ...indexing(),
    ...products(),
    ...convolution,
    ...pooling,
    ...normalisation,
    ...resizing,
  ];
  for (const config of added) {
    if (tf.getGradient(config.kernelName)) tf.unregisterGradient(config.kernelName);
    tf.registerGradient(config);
  }
  // The gradient of TensorFlow.js is wrong: it uses the sign of the real part.
  tf.unregisterGradient(tf.ComplexAbs);
  const proven = new Set(kernelNames().map(tf.getGradient));
  recordOperations(engine(), (config) => proven.has(config));
  recordCustomGradients(engine());
  supplyBatchNormScale(engine());
}

/** Names of TensorFlow.js's kernels: its string exports. */
function kernelNames(): string[] {
  return Object.values(tf).filter((value) => typeof value === "string");
}
