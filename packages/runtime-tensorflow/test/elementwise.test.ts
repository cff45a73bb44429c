import { randomFor, type TensorRuntime } from "@metalearn/core";
import * as tf from "@tensorflow/tfjs";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { tensorflow } from "../src/tensorflow/runtime.js";
import { noNativeEngine } from "./support/nativeEngine.js";

const [inf, nan] = [Number.POSITIVE_INFINITY, Number.NaN];

/** Ends of tiles and chunks fall within these. */
const sizes = [1, 15, 257, 70_001];

describe.skipIf(noNativeEngine)(`A function of elements ${noNativeEngine ?? ""}`, () => {
  let runtime: TensorRuntime;

  beforeEach(async () => {
    runtime = await tensorflow();
    tf.engine().startScope();
  });
  afterEach(() => {
    tf.engine().endScope();
    runtime.dispose();
  });

  const compile: TensorRuntime["compile"] = (fn, options) =>
    runtime.compile(fn, { ...options, mode: "elementwise" });

  const values = (tensor: tf.Tensor) => Array.from(tensor.dataSync());

  const draw = (name: string, size: number) => {
    const random = randomFor("elementwise", name, size);
    return tf.tensor1d(Float32Array.from({ length: size }, () => random.normal()));
  };

  const binary = {
    add: tf.add,
    sub: tf.sub,
    mul: tf.mul,
    div: tf.div,
    divNoNan: tf.divNoNan,
    minimum: tf.minimum,
    maximum: tf.maximum,
    ...Object.fromEntries(
      [tf.less, tf.lessEqual, tf.greater, tf.greaterEqual, tf.equal, tf.notEqual].map((compare) => [
        compare.name,
        (a: tf.Tensor, b: tf.Tensor) => tf.cast(compare(a, b), "float32"),
      ]),
    ),
  } satisfies Record<string, (a: tf.Tensor, b: tf.Tensor) => tf.Tensor>;

  describe.each(Object.entries(binary))("%s is that of TensorFlow's kernel", (_, fn) => {
    test.each(sizes)("for %i elements and scalars on either side", (size) => {
      const [a, b, s] = [draw("a", size), draw("b", size), tf.scalar(0.75)];
      const all = (a: tf.Tensor, b: tf.Tensor, s: tf.Tensor) => [
        fn(a, b),
        fn(a, s),
        fn(s, b),
        fn(a, a),
        fn(s, s),
      ];
      expect(compile(all)(a, b, s).map(values)).toEqual(all(a, b, s).map(values));
    });

    test("for zeros, infinities and numbers that are none", () => {
      const special = [0, -0, 1, -1, inf, -inf, nan];
      const a = tf.tensor1d(special.flatMap((x) => special.map(() => x)));
      const b = tf.tensor1d(special.flatMap(() => special));
      expect(values(compile(fn)(a, b))).toEqual(values(fn(a, b)));
    });
  });

  test.each([tf.square, tf.sqrt, tf.rsqrt, tf.neg, tf.abs, tf.sign, tf.reciprocal])(
    "$name is that of TensorFlow's kernel",
    (fn) => {
      const unary = fn as (x: tf.Tensor) => tf.Tensor;
      const x = tf.concat([tf.abs(draw("x", 1_000)), tf.tensor1d([0, 1, inf, nan])]);
      const [ours, theirs] = [values(compile(unary)(x)), values(unary(x))];
      ours.forEach((value, i) => {
        const expected = theirs[i] as number;
        if (Number.isFinite(expected)) {
          expect(Math.abs(value - expected)).toBeLessThanOrEqual(2e-7 * Math.abs(expected));
        } else expect(value).toBe(expected);
      });
    },
  );

  test("products that are added are rounded in between, as outside", () => {
    const [a, b, c, s] = [draw("a", 999), draw("b", 999), draw("c", 999), tf.scalar(1 / 3)];
    const all = (a: tf.Tensor, b: tf.Tensor, c: tf.Tensor, s: tf.Tensor) => [
      tf.add(tf.mul(a, b), c),
      tf.add(c, tf.mul(s, a)),
      tf.add(tf.mul(a, s), tf.mul(b, c)),
      tf.add(tf.mul(a, s), s),
    ];
    expect(compile(all)(a, b, c, s).map(values)).toEqual(all(a, b, c, s).map(values));
  });

  test("tensors of several shapes go their own ways", () => {
    const fn = (x: { a: tf.Tensor; b: tf.Tensor }, s: tf.Tensor) => ({
      a: tf.mul(x.a, s),
      b: tf.reshape(tf.sub(tf.zerosLike(x.b), x.b), [3, 2]),
      half: tf.div(s, 2),
      threes: tf.fill([2, 2], 3),
    });
    const result = compile(fn)({ a: tf.tensor1d([1, 2]), b: tf.ones([2, 3]) }, tf.scalar(5));
    expect(values(result.a)).toEqual([5, 10]);
    expect(result.b.shape).toEqual([3, 2]);
    expect(values(result.b)).toEqual([-1, -1, -1, -1, -1, -1]);
    expect(values(result.half)).toEqual([2.5]);
    expect(values(result.threes)).toEqual([3, 3, 3, 3]);
  });

  test("sums over all elements lose nothing to their number", () => {
    const size = 3_000_017;
    const x = tf.fill([size], 0.1);
    const fn = (x: tf.Tensor) => tf.sqrt(tf.add(tf.sum(x), tf.sum(tf.square(x))));
    const tenth = Math.fround(0.1);
    const exact = Math.sqrt(size * tenth + size * Math.fround(tenth * tenth));
    expect(values(compile(fn)(x))[0]).toBeCloseTo(exact, 3); // 574.457: float32 has 4 decimals
  });

  test.each<[string, (x: tf.Tensor2D) => tf.Tensor]>([
    ["matrix products", (x) => tf.matMul(x, x)],
    ["rows that are repeated", (x) => tf.add(x, tf.tensor1d([1, 2]))],
    ["sums along an axis", (x) => tf.sum(x, 0)],
    ["elements scaled by their sum", (x) => tf.div(x, tf.sum(x))],
    ["integers", (x) => tf.cast(x, "int32")],
  ])("does not compute %s", (_, fn) => {
    const x = tf.tensor2d([1, 2, 3, 4], [2, 2]);
    expect(() => compile(fn)(x)).toThrow(/cannot be compiled in the mode "elementwise"/);
    expect(values(runtime.compile(fn)(x))).toEqual(values(fn(x)));
    expect(runtime.compilations().at(-1)?.mode).toBe("graph");
  });

  describe("that is given memory", () => {
    const step = (x: { p: tf.Tensor; g: tf.Tensor }, rate: tf.Tensor) => ({
      p: tf.sub(x.p, tf.mul(x.g, rate)),
      g: tf.mul(x.g, tf.add(x.p, 1)),
    });
    const donating = () => compile(step, { donate: [0] });

    test("returns the same and leaves nothing behind", () => {
      const [p, g, rate] = [draw("p", 5_000), draw("g", 5_000), tf.scalar(0.5)];
      const expected = step({ p, g }, rate);
      const before = tf.memory().numTensors;
      const result = donating()({ p, g }, rate);
      expect(values(result.p)).toEqual(values(expected.p));
      expect(values(result.g)).toEqual(values(expected.g));
      p.dispose();
      g.dispose();
      expect(tf.memory().numTensors).toBe(before);
      const bytes = runtime.memory().tensorBytes;
      tf.dispose(result);
      expect(bytes - runtime.memory().tensorBytes).toBe(2 * 4 * 5_000);
    });

    test("leaves alone what clones, slices and their sources share", () => {
      const source = tf.tensor2d(
        Array.from({ length: 64 }, (_, i) => i),
        [2, 32],
      );
      const kept = source.clone();
      const slice = tf.reshape(tf.slice(source, [1, 0], [1, 32]), [2, 16]);
      const before = values(source);
      donating()({ p: source.clone(), g: source.clone() }, tf.scalar(1));
      donating()({ p: slice, g: slice.clone() }, tf.scalar(1));
      expect(values(source)).toEqual(before);
      expect(values(kept)).toEqual(before);
    });

    test("keeps what it returns as it came", () => {
      const fn = compile((x: tf.Tensor) => ({ same: x, twice: tf.mul(x, 2) }), { donate: [0] });
      const { same, twice } = fn(tf.tensor1d([1, 2]));
      expect(values(same)).toEqual([1, 2]);
      expect(values(twice)).toEqual([2, 4]);
    });
  });
});
