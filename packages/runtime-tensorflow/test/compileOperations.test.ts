import type { CompileMode, TensorRuntime } from "@metalearn/core";
import * as tf from "@tensorflow/tfjs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { tensorflow } from "../src/tensorflow/runtime.js";
import { languageModelOperations } from "./support/languageModelOperations.js";
import { noNativeEngine } from "./support/nativeEngine.js";
import { expectSame, type Values, valuesInJavaScript, valuesOf, wave } from "./support/values.js";

describe.skipIf(noNativeEngine)(`Compiled operations ${noNativeEngine ?? ""}`, () => {
  let reference: Record<string, Values[]>;
  let runtime: TensorRuntime;

  beforeAll(async () => {
    reference = await valuesInJavaScript(languageModelOperations);
    runtime = await tensorflow();
  });
  afterAll(() => runtime.dispose());

  describe.each(["graph", "xla"] satisfies CompileMode[])("as %s", (mode) => {
    test.each(Object.entries(languageModelOperations))("%s", (name, compute) => {
      const compiled = runtime.compile(compute, { mode });
      expectSame(valuesOf(compiled), reference[name] ?? []);
    });

    test("second derivatives through a layer norm, a softmax and a product", () => {
      const f = (x: tf.Tensor, w: tf.Tensor) => {
        const centred = tf.sub(x, tf.mean(x, -1, true));
        const variance = tf.mean(tf.square(centred), -1, true);
        const normed = tf.mul(centred, tf.rsqrt(tf.add(variance, 1e-5)));
        return tf.sum(tf.square(tf.softmax(tf.matMul(normed as tf.Tensor2D, w as tf.Tensor2D))));
      };
      const slope = (x: tf.Tensor, w: tf.Tensor) => {
        const [dx, dw] = tf.grads(f)([x, w]) as [tf.Tensor, tf.Tensor];
        return tf.add(tf.sum(tf.mul(dx, wave([4, 6], 1))), tf.sum(tf.mul(dw, wave([6, 5], 2))));
      };
      const second = (x: tf.Tensor, w: tf.Tensor) => tf.grads(slope)([x, w]);
      const [x, w] = [wave([4, 6]), wave([6, 5])] as const;
      expectSame(
        valuesOf(() => runtime.compile(second, { mode })(x, w)),
        valuesOf(() => second(x, w)),
      );
    });
  });

  test("bfloat16 rounds the operands of matrix products and nothing else", () => {
    // 1 + 2^-9 has 10 significant bits: bfloat16 has 8 and rounds it to 1. The difference to 1 is
    // seen by the sum but not by the product.
    const x = tf.fill([2, 2], 1 + 2 ** -9);
    const f = (x: tf.Tensor2D) => ({ product: tf.matMul(x, x), sum: tf.add(x, x) });
    const { product, sum } = runtime.compile(f, { precision: "bfloat16" })(x as tf.Tensor2D);
    expect(product.dtype).toBe("float32");
    expect(Array.from(product.dataSync())).toEqual([2, 2, 2, 2]);
    expect(sum.dataSync()[0]).toBe(2 + 2 ** -8);
  });
});
