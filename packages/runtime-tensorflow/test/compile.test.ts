import { createRequire } from "node:module";
import { type Compilation, MetaError, type TensorRuntime } from "@metalearn/core";
import * as tf from "@tensorflow/tfjs";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { NativeBinding } from "../src/binding/binding.js";
import { addonFor } from "../src/locate/addon.js";
import { findLibTensorFlow } from "../src/locate/libtensorflow.js";
import { tensorflow } from "../src/tensorflow/runtime.js";
import { noNativeEngine } from "./support/nativeEngine.js";

describe.skipIf(noNativeEngine)(`A compiled function ${noNativeEngine ?? ""}`, () => {
  let runtime: TensorRuntime;
  let binding: NativeBinding;
  let before: { tensors: number; handles: number };

  beforeEach(async () => {
    runtime = await tensorflow();
    const library = await findLibTensorFlow();
    if (!library) throw new Error("it was there a moment ago");
    binding = createRequire(import.meta.url)(addonFor(library).engine) as NativeBinding;
    before = held();
  });
  afterEach(() => {
    expect(tf.getBackend(), "the active backend").toBe("tensorflow");
    tf.disposeVariables();
    runtime.dispose();
  });

  /** Tensors that this process holds, in TensorFlow.js and in the engine. */
  const held = () => ({ tensors: tf.memory().numTensors, handles: binding.getNumOfTensors() });

  const values = (tensor: tf.Tensor | undefined) => Array.from(tensor?.dataSync() ?? []);

  /** A function with its calls counted: it is called once for each compilation. */
  const counted = <A extends readonly unknown[], R>(fn: (...args: A) => R) => vi.fn(fn);

  describe("is traced", () => {
    test("once for each combination of shapes", () => {
      const double = counted((x: tf.Tensor) => tf.mul(x, 2));
      const compiled = runtime.compile(double);
      expect(values(compiled(tf.tensor1d([1, 2])))).toEqual([2, 4]);
      expect(values(compiled(tf.tensor1d([3, 4])))).toEqual([6, 8]);
      expect(double).toHaveBeenCalledTimes(1);
      expect(values(compiled(tf.tensor1d([5])))).toEqual([10]);
      expect(values(compiled(tf.tensor1d([5], "int32")))).toEqual([10]);
      expect(double).toHaveBeenCalledTimes(3);
    });

    test("once for each value of an argument that is no tensor", () => {
      const pick = counted((params: Record<string, tf.Tensor>, names?: readonly string[]) =>
        Object.fromEntries(
          (names ?? ["b"]).map((name) => [name, tf.neg(params[name] as tf.Tensor)]),
        ),
      );
      const compiled = runtime.compile(pick);
      const params = { a: tf.scalar(1), b: tf.scalar(2) };
      for (let round = 0; round < 2; round++) {
        expect(values(compiled(params, ["a"]).a)).toEqual([-1]);
        expect(Object.keys(compiled(params))).toEqual(["b"]);
        expect(Object.keys(compiled(params, ["a", "b"]))).toEqual(["a", "b"]);
      }
      expect(pick).toHaveBeenCalledTimes(3);
    });

    test("anew when it was not used for as long as others and there is room for no more", () => {
      const square = counted((x: tf.Tensor) => tf.square(x));
      const compiled = runtime.compile(square, { signatures: 2 });
      const call = (size: number) => compiled(tf.fill([size], 3)).dispose();
      [1, 2, 1, 3].forEach(call); // 3 takes the place of 2
      expect(square).toHaveBeenCalledTimes(3);
      call(1);
      expect(square).toHaveBeenCalledTimes(3);
      call(2);
      expect(square).toHaveBeenCalledTimes(4);
    });

    test("apart when a tensor is passed twice", () => {
      const f = (x: tf.Tensor, y: tf.Tensor) => tf.grads((a, b) => tf.sum(tf.mul(a, b)))([x, y]);
      const compiled = runtime.compile(f);
      const [x, y] = [tf.scalar(3), tf.scalar(5)];
      expect(compiled(x, y).map(values)).toEqual([[5], [3]]);
      expect(compiled(x, x).map(values)).toEqual(f(x, x).map(values)); // both paths lead to x
    });

    test("and told of before the engine begins and when it has ended", () => {
      const events: [string, Partial<Compilation>][] = [];
      runtime.onCompile?.({
        begin: (compilation) => events.push(["begin", compilation]),
        end: (compilation) => events.push(["end", compilation]),
      });
      const compiled = runtime.compile((x: tf.Tensor) => tf.exp(x), { name: "growth" });
      const call = (size: number) => compiled(tf.ones([size])).dispose();
      [1, 2, 1].forEach(call);
      expect(events.map(([when, { name, mode, shapes }]) => [when, name, mode, shapes])).toEqual([
        ["begin", "growth", "graph", 1],
        ["end", "growth", "graph", 1],
        ["begin", "growth", "graph", 2],
        ["end", "growth", "graph", 2],
      ]);
      expect(events.filter(([when]) => when === "end").map(([, found]) => found)).toEqual(
        runtime.compilations(),
      );
      expect(events[0]?.[1].firstRunMs).toBeUndefined();
    });

    test("and what that took is on record", () => {
      const compiled = runtime.compile((x: tf.Tensor) => tf.exp(x), { name: "growth" });
      compiled(tf.scalar(1));
      compiled(tf.scalar(2));
      compiled(tf.ones([2]));
      const [first, second, ...rest] = runtime.compilations();
      expect(rest).toEqual([]);
      expect(first).toMatchObject({ name: "growth", mode: "graph", precision: "float32" });
      expect(first?.operations).toBe(2); // the argument and Exp
      expect(first?.traceMs).toBeGreaterThan(0);
      expect(second?.firstRunMs).toBeGreaterThan(0);
    });
  });

  describe("returns", () => {
    test("the structure that the function returns", () => {
      const f = (x: tf.Tensor) => ({
        list: [tf.neg(x), { deep: tf.add(x, 1) }],
        none: undefined,
        size: x.size,
        text: "plain",
      });
      const { list, ...others } = runtime.compile(f)(tf.tensor1d([1, 2]));
      expect(others).toEqual({ none: undefined, size: 2, text: "plain" });
      expect(values(list[0] as tf.Tensor)).toEqual([-1, -2]);
      expect(values((list[1] as { deep: tf.Tensor }).deep)).toEqual([2, 3]);
    });

    test("the very tensors that it was passed, and one tensor where the function repeats one", () => {
      const f = (x: tf.Tensor, y: tf.Tensor) => {
        const sum = tf.add(x, y);
        return { x, sum, again: sum, copy: x.clone(), both: [y, x] };
      };
      const [x, y] = [tf.scalar(1), tf.scalar(2)];
      const compiled = runtime.compile(f);
      for (let round = 0; round < 2; round++) {
        const result = compiled(x, y);
        expect(result.x).toBe(x);
        expect(result.both[0]).toBe(y);
        expect(result.again).toBe(result.sum);
        expect(result.copy).not.toBe(x);
        expect(values(result.sum)).toEqual([3]);
        tf.dispose([result.copy, result.sum]);
        expect(values(x)).toEqual([1]); // the copy had a life of its own
      }
    });

    test("nothing, constants, and tensors from outside", () => {
      const outside = tf.scalar(7);
      const f = () => ({ outside, constant: tf.tensor1d([1, 2]) });
      const compiled = runtime.compile(f);
      const result = compiled();
      expect(result.outside).toBe(outside);
      expect(values(result.constant)).toEqual([1, 2]);
      expect(runtime.compile(() => {})()).toBeUndefined();
    });

    test("tensors that tidy frees, as those of the function itself", () => {
      const compiled = runtime.compile((x: tf.Tensor) => [tf.neg(x), tf.exp(x)]);
      const x = tf.scalar(1);
      const kept = tf.tidy(() => compiled(x)[0] as tf.Tensor);
      expect(values(kept)).toEqual([-1]);
      expect(held().tensors - before.tensors).toBe(2);
    });
  });

  test("leaves no tensor behind: not when it is compiled, called or disposed", () => {
    const f = (x: tf.Tensor, y: tf.Tensor) => {
      const { value, grads } = tf.valueAndGrads((a, b) => tf.sum(tf.square(tf.matMul(a, b))))([
        x,
        y,
      ]);
      return { value, grads: grads as tf.Tensor[] };
    };
    const [x, y] = [tf.ones([3, 4]), tf.ones([4, 2])];
    const compiled = runtime.compile(f);
    for (let i = 0; i < 100; i++) {
      const { value, grads } = compiled(x, y);
      expect(held()).toEqual({ tensors: before.tensors + 5, handles: before.handles + 5 });
      tf.dispose([value, ...grads]);
    }
    tf.dispose([x, y]);
    expect(held()).toEqual(before);
  });

  describe("called in the wrong place", () => {
    test("takes tensors over from another engine", async () => {
      await tf.setBackend("cpu");
      const foreign = tf.tensor1d([1, 2]);
      await tf.setBackend("tensorflow");
      expect(values(runtime.compile((x: tf.Tensor) => tf.mul(x, 3))(foreign))).toEqual([3, 6]);
    });

    test("says which engine it needs when another is active", async () => {
      const compiled = runtime.compile((x: tf.Tensor) => tf.neg(x), { name: "negate" });
      const x = tf.scalar(1);
      await tf.setBackend("cpu");
      expect(() => compiled(x)).toThrow(
        /\[ENGINE_UNAVAILABLE\] negate was compiled for TensorFlow and cannot run: TensorFlow.js computes with "cpu" now/,
      );
      await tf.setBackend("tensorflow");
      expect(values(compiled(x))).toEqual([-1]);
    });

    test("says that its runtime was disposed, while another continues", async () => {
      const other = await tensorflow();
      const compiled = other.compile((x: tf.Tensor) => tf.neg(x), { name: "negate" });
      compiled(tf.scalar(1));
      other.dispose();
      expect(() => compiled(tf.scalar(1))).toThrow(
        /\[ENGINE_UNAVAILABLE\] negate.*its runtime was disposed/,
      );
    });

    test("is compiled anew after a reset of TensorFlow.js", async () => {
      const negate = counted((x: tf.Tensor) => tf.neg(x));
      const compiled = runtime.compile(negate);
      compiled(tf.scalar(1));
      tf.engine().reset();
      await tf.setBackend("tensorflow");
      expect(values(compiled(tf.scalar(1)))).toEqual([-1]);
      expect(negate).toHaveBeenCalledTimes(2);
    });
  });

  describe("refuses", () => {
    const fails = (call: () => unknown): MetaError => {
      try {
        call();
      } catch (error) {
        if (error instanceof MetaError) return error;
        throw error;
      }
      throw new Error("it did not fail");
    };

    test("arguments that are no plain values, by their place", () => {
      const compiled = runtime.compile((_: { sampler: unknown }) => tf.scalar(1), { name: "f" });
      expect(fails(() => compiled({ sampler: new Map() })).message).toBe(
        "[BAD_OPTION] f: a compiled function takes tensors, texts, numbers, booleans, and plain records and arrays of them, " +
          "but argument 1.sampler is a Map. Use it inside the function instead of passing it.",
      );
      expect(fails(() => compiled({ sampler: () => 1 })).message).toContain(
        "1.sampler is a function",
      );
    });

    test("a disposed argument", () => {
      const compiled = runtime.compile((x: tf.Tensor, y: tf.Tensor) => tf.add(x, y), { name: "f" });
      const gone = tf.scalar(1);
      gone.dispose();
      expect(fails(() => compiled(tf.scalar(1), gone)).message).toBe(
        "[BAD_OPTION] f: tensor 2 of the arguments is disposed.",
      );
    });

    test("results that are no plain values, and promises", () => {
      expect(fails(runtime.compile(() => new Map())).message).toContain("but returned a Map");
      expect(fails(runtime.compile(async () => tf.scalar(1))).message).toContain("a Promise");
    });

    test.each([0, 1.5, -1])("to keep %d compilations", (signatures) => {
      expect(() => runtime.compile(() => tf.scalar(1), { signatures })).toThrow(
        /\[BAD_OPTION\] signatures: expected a whole number/,
      );
    });
  });
});
