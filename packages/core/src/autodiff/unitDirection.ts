import * as tf from "@tensorflow/tfjs";
import { globalNorm, mapParams, type Params } from "../params.js";
import { randomFor } from "../random.js";

/** Draws a random direction of norm 1, over all tensors together; names and shapes of `params`. */
export function unitDirection(params: Params, seed: number): Params {
  return tf.tidy(() => {
    const direction = Object.fromEntries(
      Object.entries(params).map(([name, { shape, size }]) => {
        const random = randomFor(seed, "direction", name);
        const values = Float32Array.from({ length: size }, () => random.normal());
        return [name, tf.tensor(values, shape)];
      }),
    );
    const norm = globalNorm(direction);
    return mapParams((d) => tf.div(d, norm), direction) as Record<string, tf.Tensor>;
  });
}
