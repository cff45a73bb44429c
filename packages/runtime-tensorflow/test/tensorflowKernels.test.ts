import type { TensorRuntime } from "@metalearn/core";
import * as tf from "@tensorflow/tfjs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { tensorflow } from "../src/tensorflow/runtime.js";
import { languageModelOperations } from "./support/languageModelOperations.js";
import { noNativeEngine } from "./support/nativeEngine.js";
import { expectSame, type Values, valuesInJavaScript, valuesOf } from "./support/values.js";

describe.skipIf(noNativeEngine)(`TensorFlow's kernels ${noNativeEngine ?? ""}`, () => {
  let reference: Record<string, Values[]>;
  let runtime: TensorRuntime;

  beforeAll(async () => {
    reference = await valuesInJavaScript(languageModelOperations);
    runtime = await tensorflow();
  });
  afterAll(() => runtime.dispose());

  test.each(Object.entries(languageModelOperations))("%s", (name, compute) => {
    expect(tf.getBackend()).toBe("tensorflow");
    expectSame(valuesOf(compute), reference[name] ?? []);
  });

  test("a product equals the one worked out by hand", () => {
    // [1 2; 3 4] [5 6; 7 8] = [1*5+2*7 1*6+2*8; 3*5+4*7 3*6+4*8]
    const product = tf.matMul(
      [
        [1, 2],
        [3, 4],
      ],
      [
        [5, 6],
        [7, 8],
      ],
    );
    expect(product.arraySync()).toEqual([
      [19, 22],
      [43, 50],
    ]);
  });

  test("texts come back as they went in", () => {
    const texts = ["", "metalearn", "żółw 🐢", "\0 in the middle"];
    const tensor = tf.tensor2d(texts, [2, 2], "string");
    expect(tensor.arraySync()).toEqual([texts.slice(0, 2), texts.slice(2)]);
    // Through the engine as well:
    expect(tf.concat([tensor, tensor], 1).arraySync()).toEqual([
      [texts[0], texts[1], texts[0], texts[1]],
      [texts[2], texts[3], texts[2], texts[3]],
    ]);
  });

  test("the array that a tensor was made from can be changed afterwards", () => {
    const array = Float32Array.of(1, 2, 3);
    const tensor = tf.tensor1d(array);
    array.fill(0);
    expect(Array.from(tensor.dataSync())).toEqual([1, 2, 3]);
  });

  test("an id beyond the last segment is an error that names the operation", () => {
    expect(() => tf.unsortedSegmentSum(tf.ones([2, 3]), tf.tensor1d([0, 4], "int32"), 4)).toThrow(
      /^UnsortedSegmentSum: .*segment_ids.* = 4 is out of range.*\(INVALID_ARGUMENT\)$/,
    );
  });
});
