import * as tf from "@tensorflow/tfjs";
import { globalNorm, mapParams, type Params } from "../params.js";
import { randomFor } from "../random.js";

/** A random direction of length 1. */
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
