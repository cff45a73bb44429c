import { type Params, randomFor } from "@metalearn/core";
import * as tf from "@tensorflow/tfjs";
import { type LlamaConfig, parameterShapes } from "../../src/index.js";

/**
 * Parameters far larger than at initialisation, none of them zero, so that every one of them shows
 * in the logits and every path has some curvature.
 */
export function randomParams(config: LlamaConfig, seed: number): Params {
  return Object.fromEntries(
    Object.entries(parameterShapes(config)).map(([name, shape]) => {
      const random = randomFor(seed, name);
      const size = tf.util.sizeFromShape(shape);
      const centre = /norm.*weight/.test(name) ? 1 : 0;
      const values = Array.from({ length: size }, () => centre + 0.2 * random.normal());
      return [name, tf.tensor(values, shape)];
    }),
  );
}
