import * as tf from "@tensorflow/tfjs";
import type { Engine } from "./engine.js";

/**
 * Supplies a scale of one to `tf.batchNorm` calls without scale while a gradient is computed.
 * TensorFlow.js saves the scale for the gradient, and fails without one.
 */
export function supplyBatchNormScale(engine: Engine): void {
  const stock = engine.runKernel.bind(engine);
  engine.runKernel = (kernelName, inputs, attributes) => {
    const isNeeded =
      kernelName === tf.FusedBatchNorm && engine.state.gradientDepth > 0 && !inputs.scale;
    const whole = isNeeded ? { ...inputs, scale: tf.onesLike(inputs.mean as tf.Tensor) } : inputs;
    return stock(kernelName, whole, attributes);
  };
}
