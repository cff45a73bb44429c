import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs";
import type { TensorRuntime } from "../contracts/runtime.js";

/**
 * Stands for a runtime that compiles: what it "compiles" runs as it is, but may not read values of
 * tensors, which a function that is recorded once and replayed cannot do.
 */
export const recording: Pick<TensorRuntime, "compile"> = {
  compile:
    (fn) =>
    (...args) => {
      const { dataSync } = tf.Tensor.prototype;
      tf.Tensor.prototype.dataSync = () =>
        assert.fail("A function that is to be compiled reads the values of a tensor.");
      try {
        return fn(...args);
      } finally {
        tf.Tensor.prototype.dataSync = dataSync;
      }
    },
};
