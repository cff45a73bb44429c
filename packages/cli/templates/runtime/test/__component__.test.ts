import { testRuntime } from "@metalearn/core/testing";
import * as tf from "@tensorflow/tfjs";
import { expect, test } from "vitest";
import { __factory__ } from "../src/index.js";

testRuntime("__component__", { create: () => __factory__() });

test("stops at the function whose result is not a number", async () => {
  const runtime = await __factory__();
  const ratio = (a: tf.Tensor, b: tf.Tensor) => ({ ratio: tf.div(a, b) });
  const checked = runtime.compile(ratio, { name: "the ratio" });
  expect(checked(tf.scalar(6), tf.scalar(3)).ratio.dataSync()[0]).toBe(2);
  expect(() => checked(tf.scalar(0), tf.scalar(0))).toThrow(
    "[NON_FINITE] the ratio: result.ratio has a number that is NaN or infinite.",
  );
  runtime.dispose();

  const unchecked = await __factory__({ checkNumerics: false });
  expect(unchecked.compile(ratio)(tf.scalar(0), tf.scalar(0)).ratio.dataSync()[0]).toBeNaN();
  unchecked.dispose();
});
