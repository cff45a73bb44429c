import { createRequire } from "node:module";
import type { CompileMode, TensorRuntime } from "@metalearn/core";
import * as tf from "@tensorflow/tfjs";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { NativeBinding } from "../src/binding/binding.js";
import { addonFor } from "../src/locate/addon.js";
import { findLibTensorFlow } from "../src/locate/libtensorflow.js";
import { tensorflow } from "../src/tensorflow/runtime.js";
import { noNativeEngine } from "./support/nativeEngine.js";

describe.skipIf(noNativeEngine)(`While a function is compiled, ${noNativeEngine ?? ""}`, () => {
  let runtime: TensorRuntime;
  let binding: NativeBinding;
  let before: unknown;

  beforeEach(async () => {
    runtime = await tensorflow();
    const library = await findLibTensorFlow();
    if (!library) throw new Error("it was there a moment ago");
    binding = createRequire(import.meta.url)(addonFor(library).engine) as NativeBinding;
    before = state();
  });
  afterEach(() => {
    tf.disposeVariables();
    runtime.dispose();
  });

  /** Everything of TensorFlow.js that a trace touches. */
  const state = () => {
    const { gradientDepth, kernelDepth, scopeStack } = tf.engine().state;
    return {
      backend: tf.getBackend(),
      tensors: tf.memory().numTensors,
      bytes: tf.memory().numBytes,
      buffers: tf.memory().numDataBuffers,
      handles: binding.getNumOfTensors(),
      gradientDepth,
      kernelDepth,
      scopes: scopeStack.length,
    };
  };

  const values = (tensor: tf.Tensor) => Array.from(tensor.dataSync());

  describe("a tensor from outside", () => {
    test("is used where it is, on every call", () => {
      const outside = tf.tensor1d([1, 2]);
      const compiled = runtime.compile((x: tf.Tensor) => tf.add(x, outside));
      expect(values(compiled(tf.scalar(1)))).toEqual([2, 3]);
      expect(values(compiled(tf.scalar(2)))).toEqual([3, 4]);
      expect(values(outside)).toEqual([1, 2]);
    });

    test("is missed when it was disposed", () => {
      const outside = tf.scalar(1);
      const compiled = runtime.compile((x: tf.Tensor) => tf.add(x, outside), { name: "shift" });
      compiled(tf.scalar(1));
      outside.dispose();
      expect(() => compiled(tf.scalar(1))).toThrow(
        /\[BAD_OPTION\] shift uses a tensor that is not an argument of it, and that was disposed/,
      );
    });

    test("is not counted as used longer than it is, when it is copied", () => {
      const outside = tf.scalar(2);
      const f = () => tf.grad((x) => tf.mul(x.clone(), tf.clone(outside)))(outside);
      runtime.compile(f)().dispose();
      outside.dispose();
      expect(state()).toEqual(before);
    });
  });

  describe.each(["graph", "xla"] satisfies CompileMode[])("gather as %s", (mode) => {
    test("takes rows by an argument", () => {
      const rows = runtime.compile((t: tf.Tensor, ids: tf.Tensor1D) => tf.gather(t, ids), { mode });
      const table = tf.tensor2d([1, 2, 3, 4, 5, 6], [3, 2]);
      expect(values(rows(table, tf.tensor1d([2, 0], "int32")))).toEqual([5, 6, 1, 2]);
    });

    test.each([3, -1])("refuses the row %d of 3", (row) => {
      const rows = runtime.compile((t: tf.Tensor, ids: tf.Tensor1D) => tf.gather(t, ids), {
        mode,
        name: "rows",
      });
      const table = tf.ones([3, 2]);
      rows(table, tf.tensor1d([2], "int32"));
      expect(() => rows(table, tf.tensor1d([row], "int32"))).toThrow(
        `[BAD_DATA] rows: gather: the index ${row} is not in [0, 3).`,
      );
    });
  });

  test("large tensors of one number are not stored", () => {
    const compiled = runtime.compile(() => tf.add(tf.ones([2000, 2000]), tf.zeros([2000, 2000])));
    expect(
      compiled()
        .dataSync()
        .every((x) => x === 1),
    ).toBe(true);
    // For each of the two a number and a Fill, the shape of both, and Add: not two constants.
    expect(runtime.compilations()[0]?.operations).toBe(6);
  });

  test("operations with lists of inputs and several outputs work", () => {
    const f = (x: tf.Tensor, y: tf.Tensor) => [
      tf.concat([x, y, x], 0),
      tf.stack([x, y]),
      tf.addN([x, y, y]),
      ...tf.unstack(tf.stack([x, y])),
      ...tf.split(x, [1, 1]),
    ];
    const [x, y] = [tf.tensor1d([1, 2]), tf.tensor1d([3, 4])];
    expect(runtime.compile(f)(x, y).map(values)).toEqual(f(x, y).map(values));
  });

  test.each<[string, () => tf.Tensor]>([
    ["randomNormal", () => tf.randomNormal([2])],
    ["randomUniform", () => tf.randomUniform([2])],
    ["truncatedNormal", () => tf.truncatedNormal([2])],
    ["randomGamma", () => tf.randomGamma([2], 1)],
    ["dropout", () => tf.dropout(tf.ones([2]), 0.5)],
  ])("tf.%s is refused, because its numbers would not change", (operation, draw) => {
    expect(() => runtime.compile(draw, { name: "noisy" })()).toThrow(
      new RegExp(
        `\\[NOT_COMPILABLE\\] noisy: tf\\.${operation} at .*compilePitfalls.test.ts:\\d+.* draws its numbers in JavaScript`,
      ),
    );
    expect(state()).toEqual(before);
  });

  describe("a variable", () => {
    test("is read anew on each call", () => {
      const rate = tf.variable(tf.scalar(2));
      const compiled = runtime.compile((x: tf.Tensor) => tf.mul(x, tf.clone(rate)));
      expect(values(compiled(tf.scalar(3)))).toEqual([6]);
      rate.assign(tf.scalar(5));
      expect(values(compiled(tf.scalar(3)))).toEqual([15]);
    });

    test("has gradients", () => {
      const weight = tf.variable(tf.scalar(3), true, "weight");
      const compiled = runtime.compile(() => {
        const { value, grads } = tf.variableGrads(() => tf.square(weight) as tf.Scalar, [weight]);
        return { value, gradient: grads.weight as tf.Tensor };
      });
      expect(values(compiled().gradient)).toEqual([6]);
    });

    test("cannot be assigned, and keeps its value", () => {
      const rate = tf.variable(tf.scalar(2));
      const f = (x: tf.Tensor) => {
        rate.assign(tf.scalar(9));
        return tf.mul(x, rate);
      };
      expect(() => runtime.compile(f, { name: "step" })(tf.scalar(1))).toThrow(
        /\[NOT_COMPILABLE\] step: a variable is assigned at .*compilePitfalls.test.ts:\d+/,
      );
      expect(values(rate)).toEqual([2]);
      rate.assign(tf.scalar(4)); // works again
      expect(values(rate)).toEqual([4]);
    });

    test("cannot be created", () => {
      expect(() => runtime.compile(() => tf.variable(tf.scalar(1)))()).toThrow(
        /a variable is created at/,
      );
      expect(state()).toEqual(before);
    });
  });

  describe("a gradient outside", () => {
    test("goes through a compiled call as through the function", () => {
      const cube = (x: tf.Tensor) => tf.mul(tf.mul(x, x), x);
      const compiled = runtime.compile(cube);
      const x = tf.scalar(2);
      compiled(x); // compiled for this shape, and still
      expect(values(tf.grad(compiled)(x))).toEqual([12]); // 3 x^2
      expect(values(tf.grad(tf.grad(compiled))(x))).toEqual([12]); // 6 x
    });

    test("is not disturbed by a function that is compiled inside a custom gradient", () => {
      const double = runtime.compile((x: tf.Tensor) => tf.mul(x, 2));
      const custom = tf.customGrad((x) => ({
        value: double(x as tf.Tensor),
        gradFunc: (dy) => double(dy),
      }));
      const x = tf.scalar(3);
      expect(values(tf.grad((x) => tf.square(custom(x)))(x))).toEqual([24]); // (2x)^2 = 4x^2, 8x
      expect(runtime.compilations()).toHaveLength(1);
    });
  });

  test("a compiled function inside becomes part of it", () => {
    const square = runtime.compile((x: tf.Tensor) => tf.square(x), { name: "inner" });
    const slope = runtime.compile((x: tf.Tensor) => tf.grad(square)(x), { name: "outer" });
    expect(values(slope(tf.scalar(3)))).toEqual([6]);
    expect(runtime.compilations().map(({ name }) => name)).toEqual(["outer"]);
  });

  describe("a value that is read", () => {
    test.each<[string, string, (x: tf.Tensor) => unknown]>([
      ["what Square returns", "dataSync", (x) => tf.square(x).dataSync()],
      ["an argument", "arraySync", (x) => x.arraySync()],
      ["what Exp returns", "print", (x) => tf.print(tf.exp(x))],
    ])("is an error that names %s and the line (%s)", (what, _, read) => {
      const f = (x: tf.Tensor) => {
        read(x);
        return x;
      };
      const x = tf.scalar(1);
      expect(() => runtime.compile(f, { name: "peek" })(x)).toThrow(
        new RegExp(
          `\\[NOT_COMPILABLE\\] peek: the value of ${what} was read at .*compilePitfalls.test.ts:\\d+:\\d+, but it has none`,
        ),
      );
      x.dispose();
      expect(state()).toEqual(before);
    });

    test("is there when it does not depend on arguments", () => {
      const f = (x: tf.Tensor) => {
        const [three] = tf.add(tf.scalar(1), tf.scalar(2)).dataSync();
        return tf.mul(x, three as number);
      };
      expect(values(runtime.compile(f)(tf.scalar(2)))).toEqual([6]);
    });
  });

  test.each<[string, (x: tf.Tensor1D) => tf.Tensor]>([
    ["UniqueV2", (x) => tf.unique(x).values],
    ["NonMaxSuppressionV3", (x) => tf.image.nonMaxSuppression(tf.ones([2, 4]), x, 2)],
  ])("%s is refused, because its shape depends on values", (operation, f) => {
    expect(() => runtime.compile(f, { name: "ragged" })(tf.tensor1d([1, 1]))).toThrow(
      new RegExp(
        `\\[NOT_COMPILABLE\\] ragged: the shape of what ${operation} at .*compilePitfalls.test.ts:\\d+.* depends on values`,
      ),
    );
  });

  test("an operation that XLA does not have is an error that names it", () => {
    const crop = (x: tf.Tensor) =>
      tf.image.cropAndResize(
        x as tf.Tensor4D,
        tf.tensor2d([[0, 0, 1, 1]]),
        tf.tensor1d([0], "int32"),
        [2, 2],
      );
    const x = tf.ones([1, 4, 4, 1]);
    expect(() => runtime.compile(crop, { mode: "xla" })(x)).toThrow(/CropAndResize/);
    expect(values(runtime.compile(crop)(x))).toEqual([1, 1, 1, 1]);
  });

  describe("an error in the function", () => {
    const boom = () => {
      throw new Error("boom");
    };
    test.each<[string, (x: tf.Tensor) => tf.Tensor]>([
      ["at once", boom],
      ["inside tidy", () => tf.tidy(boom)],
      ["inside a gradient", (x) => tf.grad((y) => tf.add(tf.exp(y), tf.tidy(boom)))(x)],
      [
        "on the way back",
        (x) =>
          tf.grad(tf.customGrad((y) => ({ value: tf.exp(y as tf.Tensor), gradFunc: boom })))(x),
      ],
      [
        "after keeping a tensor",
        () => {
          tf.keep(tf.ones([3]));
          return boom();
        },
      ],
    ] as [string, (x: tf.Tensor) => tf.Tensor][])("%s leaves nothing behind", (_, f) => {
      const x = tf.scalar(1);
      expect(() => runtime.compile(f)(x)).toThrow("boom");
      x.dispose();
      expect(state()).toEqual(before);
      expect(values(runtime.compile((y: tf.Tensor) => tf.neg(y))(tf.scalar(2)))).toEqual([-2]);
    });

    test("of the engine names the operation", () => {
      const f = (x: tf.Tensor) => tf.unsortedSegmentSum(x, tf.tensor1d([0, 9], "int32"), 2);
      expect(() => runtime.compile(f)(tf.ones([2]))).toThrow(
        /out of range \[0, 2\)\s+\[\[{{node UnsortedSegmentSum/,
      );
    });
  });
});
