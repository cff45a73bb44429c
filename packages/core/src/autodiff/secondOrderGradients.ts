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
 * Makes TensorFlow.js right in second order: every operation has a second derivative that agrees with
 * finite differences, or is refused by name. `valueAndGradients` and `hessianVectorProduct` call it
 * themselves; call it before using `tf.grads` of `tf.grads` directly.
 *
 * Some gradients are added, and some of TensorFlow.js's own are replaced. Saved outputs, and what custom
 * gradients compute and save, become part of what is differentiated. See docs/second-order.md.
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
  // Takes the sign of the real part.
  tf.unregisterGradient(tf.ComplexAbs);
  const proven = new Set(kernelNames().map(tf.getGradient));
  recordOperations(engine(), (config) => proven.has(config));
  recordCustomGradients(engine());
  supplyBatchNormScale(engine());
}

/** The names of TensorFlow.js's kernels. */
function kernelNames(): string[] {
  return Object.values(tf).filter((value) => typeof value === "string");
}
