import * as tf from "@tensorflow/tfjs";
import type { Engine } from "./engine.js";

/**
 * Gives `tf.batchNorm` a scale of one where it has none and a gradient is taken: TensorFlow.js would
 * save the scale for the gradient, and fails where there is nothing to save.
 */
export function supplyBatchNormScale(engine: Engine): void {
  const { state } = engine;
  const stock = engine.runKernel.bind(engine);
  engine.runKernel = (kernelName, inputs, attributes) => {
    const isNeeded = kernelName === tf.FusedBatchNorm && state.gradientDepth > 0 && !inputs.scale;
    const whole = isNeeded ? { ...inputs, scale: tf.onesLike(inputs.mean as tf.Tensor) } : inputs;
    return stock(kernelName, whole, attributes);
  };
}
