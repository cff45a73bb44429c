import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs";
import type { TensorRuntime } from "../contracts/runtime.js";

/**
 * Stand-in for a runtime that compiles. "Compiled" functions run as they are, but reading values of
 * tensors fails, because a function that is traced once and replayed cannot do that.
 */
export const recording: Pick<TensorRuntime, "compile"> = {
  compile:
    (fn) =>
    (...args) => {
      const { dataSync } = tf.Tensor.prototype;
      tf.Tensor.prototype.dataSync = () =>
        assert.fail("Expected a function that can be compiled, got one that reads tensor values.");
      try {
        return fn(...args);
      } finally {
        tf.Tensor.prototype.dataSync = dataSync;
      }
    },
};
