import type { OptimizerState, Params } from "@metalearn/core";
import * as tf from "@tensorflow/tfjs";

/** Tensors shaped like parameters: element i of the j-th one, in parameter order, is `formula(i, j)`. */
export function byFormula(params: Params, formula: (i: number, j: number) => number): Params {
  return Object.fromEntries(
    Object.entries(params).map(([name, { shape, size }], j) => [
      name,
      tf.tensor(
        Float32Array.from({ length: size }, (_, i) => formula(i, j)),
        shape,
      ),
    ]),
  );
}

/** The warm optimizer state of the golden files, from its closed formulas: seven steps taken. */
export function sharedMoments(params: Params): OptimizerState {
  return {
    step: 7,
    update: 0,
    slots: {
      m: byFormula(params, (i, j) => 0.015 * Math.cos(1.1 * i + 0.7 * j + 0.4)),
      v: byFormula(
        params,
        (i, j) => 0.007 * (0.03 * (1 + 0.5 * Math.sin(1.7 * i + 0.9 * j + 0.1))) ** 2,
      ),
    },
  };
}
