import { createRequire } from "node:module";
import {
  createObjective,
  MetaError,
  type Objective,
  type Params,
  type TensorRuntime,
} from "@metalearn/core";
import * as tf from "@tensorflow/tfjs";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { NativeBinding } from "../src/binding/binding.js";
import { addonFor } from "../src/locate/addon.js";
import { findLibTensorFlow } from "../src/locate/libtensorflow.js";
import { tensorflow } from "../src/tensorflow/runtime.js";
import { noNativeEngine } from "./support/nativeEngine.js";

describe.skipIf(noNativeEngine)(`A function in two stages ${noNativeEngine ?? ""}`, () => {
  let runtime: Required<TensorRuntime>;
  let binding: NativeBinding;

  beforeEach(async () => {
    runtime = (await tensorflow()) as Required<TensorRuntime>;
    const library = await findLibTensorFlow();
    if (!library) throw new Error("it was there a moment ago");
    binding = createRequire(import.meta.url)(addonFor(library).engine) as NativeBinding;
  });
  afterEach(() => runtime.dispose());

  const values = (tensor: tf.Tensor | undefined) => Array.from(tensor?.dataSync() ?? []);
  const held = () => ({ tensors: tf.memory().numTensors, handles: binding.getNumOfTensors() });

  /** e^x at once, e^x y when y is there. */
  const growth = (x: tf.Tensor1D) => {
    const early = tf.exp(x);
    return { early, finish: (y: tf.Tensor1D) => tf.mul(early, y) };
  };
  const staged = (options = {}) => runtime.compileStages(vi.fn(growth), (x) => x, options);

  /** A network with one hidden layer, whose gradient and Hessian TensorFlow.js can compute. */
  const loss = ({ w, out }: Params, { x, rows }: Record<string, tf.Tensor>) => {
    const chosen = tf.gather(x as tf.Tensor2D, rows as tf.Tensor1D);
    const hidden = tf.tanh(tf.matMul(chosen, w as tf.Tensor2D));
    return tf.mean(tf.square(tf.matMul(hidden, out as tf.Tensor2D))) as tf.Scalar;
  };
  const params = () => ({
    w: tf.tensor2d([0.1, -0.4, 0.3, 0.7, 0.2, -0.5], [2, 3]),
    out: tf.tensor2d([0.5, -1, 2], [3, 1]),
  });
  const batch = () => ({
    x: tf.tensor2d([1, 2, -1, 0.5, 3, 1], [3, 2]),
    rows: tf.tensor1d([2, 0], "int32"),
  });
  const vector = () => ({
    w: tf.tensor2d([1, 2, 3, -1, -2, 0.5], [2, 3]),
    out: tf.tensor2d([0.1, 1, -1], [3, 1]),
  });

  test("gives what the function gives, for one late argument after the other", () => {
    const { early, finish } = staged()(tf.tensor1d([0, 1]));
    expect(values(early)).toEqual([1, Math.fround(Math.E)]);
    expect(values(finish(tf.tensor1d([5, 0])))).toEqual([5, 0]);
    expect(values(finish(tf.tensor1d([2, 1])))).toEqual([2, Math.fround(Math.E)]);
  });

  /** Gradient and product of the network, compiled by the runtime. */
  const linearized = (objective: Objective<ReturnType<typeof batch>>) => {
    expect(objective.sharesWork).toBe(true);
    return objective.linearize(params(), batch());
  };

  test("is recorded once for each combination of shapes", () => {
    const fn = vi.fn(growth);
    const compiled = runtime.compileStages(fn, (x) => x);
    for (const size of [1, 2, 1, 2]) {
      const x = tf.zeros<tf.Rank.R1>([size]);
      expect(values(compiled(x).finish(tf.fill([size], 3)))).toEqual(Array(size).fill(3));
    }
    expect(fn).toHaveBeenCalledTimes(2);
  });

  test.each(["graph", "xla"] as const)(
    "gives gradients and Hessian-vector products in the mode %s, without computing anew what they share",
    (mode) => {
      const inMode: Pick<TensorRuntime, "compile" | "compileStages"> = {
        compile: (fn, options) => runtime.compile(fn, { ...options, mode }),
        compileStages: (fn, like, options) => runtime.compileStages(fn, like, { ...options, mode }),
      };
      const plain = createObjective({ loss });
      const compiled = createObjective({ loss }, { runtime: inMode });
      const [p, b, v] = [params(), batch(), vector()];
      const { hvp, ...early } = linearized(compiled);
      expectClose(early.gradients, plain.gradient(p, b).gradients);
      expect(values(early.loss)[0]).toBeCloseTo(values(plain.loss(p, b))[0] as number, 6);
      expectClose(hvp(v), plain.hvp(p, b, v));

      compiled.hvp(p, b, v);
      const sizes = new Map(
        runtime.compilations().map(({ name, operations }) => [name, operations] as const),
      );
      expect(sizes.get("linearized gradient, late stage")).toBeLessThan(sizes.get("hvp") ?? 0);
    },
  );

  test("keeps products in bfloat16", () => {
    const narrow: Pick<TensorRuntime, "compile" | "compileStages"> = {
      compile: runtime.compile,
      compileStages: (fn, like, options) =>
        runtime.compileStages(fn, like, { ...options, precision: "bfloat16" }),
    };
    const [p, b, v] = [params(), batch(), vector()];
    const { hvp } = linearized(createObjective({ loss }, { runtime: narrow }));
    expectClose(hvp(v), createObjective({ loss }).hvp(p, b, v), 5e-2);
    expect(runtime.compilations().map(({ precision }) => precision)).toEqual([
      "bfloat16",
      "bfloat16",
    ]);
  });

  test("leaves only its results when it is disposed, or when a tidy around it ends", () => {
    const compiled = staged({ mode: "graph" });
    const [x, y] = [tf.tensor1d([1]), tf.tensor1d([2])];
    compiled(x).dispose();
    const before = held();
    const { early, finish, dispose } = compiled(x);
    const late = finish(y);
    dispose();
    expect(held().tensors - before.tensors).toBe(2);
    tf.dispose([early, late]);
    expect(held()).toEqual(before);
    tf.tidy(() => void compiled(x).finish(y));
    expect(held()).toEqual(before);
  });

  test("cannot be finished when what it kept is gone, and says so", () => {
    const { finish, dispose } = staged({ mode: "graph" })(tf.tensor1d([1]));
    dispose();
    expect(() => finish(tf.tensor1d([2]))).toThrow(/is disposed/);
  });

  test("refuses a late argument of another form", () => {
    const { finish } = staged({ name: "growth" })(tf.tensor1d([1, 2]));
    expect(() => finish(tf.tensor1d([1, 2, 3]))).toThrow(
      new MetaError(
        "BAD_OPTION",
        "growth: the late argument must have the form float32[2], but has float32[3].",
      ),
    );
  });

  test("says when other shapes took its place before it was finished", () => {
    const compiled = staged({ signatures: 1 });
    const { finish } = compiled(tf.tensor1d([1]));
    compiled(tf.tensor1d([1, 2]));
    expect(() => finish(tf.tensor1d([2]))).toThrow(/Finish one before the next/);
  });

  test("becomes part of a function that calls it, and of a gradient", () => {
    const stages = staged();
    const both = (x: tf.Tensor1D, y: tf.Tensor1D) => stages(x).finish(y);
    const [x, y] = [tf.tensor1d([0]), tf.tensor1d([3])];
    expect(values(runtime.compile(both)(x, y))).toEqual([3]);
    const slope = tf.grad((x) => tf.sum(both(x as tf.Tensor1D, y)));
    expect(values(slope(x))).toEqual([3]);
  });

  test("refuses an index out of range", () => {
    const pick = (table: tf.Tensor1D, rows: tf.Tensor1D) => {
      const early = tf.gather(table, rows);
      return { early, finish: (y: tf.Tensor) => tf.mul(early, y) };
    };
    const compiled = runtime.compileStages(pick, (_, rows) => tf.cast(rows, "float32"));
    const table = tf.tensor1d([1, 2]);
    expect(values(compiled(table, tf.tensor1d([1], "int32")).early)).toEqual([2]);
    expect(() => compiled(table, tf.tensor1d([2], "int32"))).toThrow(/index 2 is not in \[0, 2\)/);
  });

  /** @param tolerance as a share of the largest value expected */
  function expectClose(actual: Params, expected: Params, tolerance = 1e-6): void {
    expect(Object.keys(actual)).toEqual(Object.keys(expected));
    for (const [name, tensor] of Object.entries(expected)) {
      const found = values(actual[name]);
      const wanted = values(tensor);
      const bound = tolerance * Math.max(...wanted.map(Math.abs));
      for (const [i, value] of wanted.entries()) {
        expect(Math.abs((found[i] as number) - value), name).toBeLessThan(bound);
      }
    }
  }
});

describe.skipIf(noNativeEngine)(`A compiled function ${noNativeEngine ?? ""}`, () => {
  test("computes once what it is told to compute twice", async () => {
    const runtime = await tensorflow();
    const compiled = runtime.compile((x: tf.Tensor) => tf.add(tf.exp(x), tf.exp(x)), {
      mode: "graph",
    });
    expect(Array.from(compiled(tf.tensor1d([0])).dataSync())).toEqual([2]);
    expect(runtime.compilations()[0]?.operations).toBe(3); // the argument, Exp and Add
    runtime.dispose();
  });

  test("returns each of two equal results as a tensor of its own", async () => {
    const runtime = await tensorflow();
    const compiled = runtime.compile((x: tf.Tensor) => [1, 2, 3].map(() => tf.exp(x)));
    const results = compiled(tf.tensor1d([0]));
    results[0]?.dispose();
    expect(results.slice(1).map((result) => Array.from(result.dataSync()))).toEqual([[1], [1]]);
    runtime.dispose();
  });
});
