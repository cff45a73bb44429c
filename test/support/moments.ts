import type { OptimizerState, Params } from "@metalearn/core";
import * as tf from "@tensorflow/tfjs";

/**
 * The warm optimizer state of the golden files, from its closed formulas: element i of the j-th
 * tensor in parameter order, seven steps taken.
 */
export function sharedMoments(params: Params): OptimizerState {
  const fill = (formula: (i: number, j: number) => number): Params =>
    Object.fromEntries(
      Object.entries(params).map(([name, { shape, size }], j) => [
        name,
        tf.tensor(
          Float32Array.from({ length: size }, (_, i) => formula(i, j)),
          shape,
        ),
      ]),
    );
  return {
    step: 7,
    update: 0,
    slots: {
      m: fill((i, j) => 0.015 * Math.cos(1.1 * i + 0.7 * j + 0.4)),
      v: fill((i, j) => 0.007 * (0.03 * (1 + 0.5 * Math.sin(1.7 * i + 0.9 * j + 0.1))) ** 2),
    },
  };
}
