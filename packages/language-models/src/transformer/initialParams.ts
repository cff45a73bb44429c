import { type Params, randomFor } from "@metalearn/core";
import * as tf from "@tensorflow/tfjs";
import { type Architecture, parameterShapes } from "./architecture.js";

/**
 * Random parameters as transformers draws them: matrices from a normal distribution, biases 0, gains of norms 1.
 * The same seed gives the same numbers on every engine.
 */
export function initialParams(architecture: Architecture, seed: number): Params {
  const entries = Object.entries(parameterShapes(architecture)).map(([name, shape]) => {
    if (shape.length === 1) {
      return [name, name.endsWith(".bias") ? tf.zeros(shape) : tf.ones(shape)];
    }
    const deviation = architecture.initialDeviation(name);
    const random = randomFor(seed, "init", name);
    const size = tf.util.sizeFromShape(shape);
    const values = Float32Array.from({ length: size }, () => random.normal());
    return [
      name,
      tf.tensor(
        values.map((value) => value * deviation),
        shape,
      ),
    ];
  });
  return Object.fromEntries(entries);
}
