import type { TensorRuntime } from "@metalearn/core";
import * as tf from "@tensorflow/tfjs";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { cpu } from "../src/javascript/cpu.js";
import { guardWasmMemory } from "../src/javascript/guardWasmMemory.js";
import { wasm } from "../src/javascript/wasm.js";
import { languageModelOperations } from "./support/languageModelOperations.js";
import { expectSame, type Values, valuesOf, wave } from "./support/values.js";

// Kernel of the plain JavaScript backend as TensorFlow.js ships it, before a runtime supplies others.
const stockSegmentSum = tf.getKernel("UnsortedSegmentSum", "cpu").kernelFunc;

const segmentSum = (x: tf.Tensor, ids: number[], segments: number) =>
  tf.unsortedSegmentSum(x, tf.tensor1d(ids, "int32"), segments);

describe("The cpu runtime", () => {
  afterEach(() => void vi.restoreAllMocks());

  test("computes without the advertisement of TensorFlow.js", async () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    const runtime = await cpu();
    expect(tf.add(1, 2).dataSync()[0]).toBe(3);
    expect(warn).not.toHaveBeenCalled();
    expect(runtime).toMatchObject({ name: "cpu", device: "cpu", version: tf.version.tfjs });
  });
});

describe.each([
  ["wasm", wasm],
  ["cpu", cpu],
] as const)("The kernels of %s", (_name, start) => {
  const reference: Record<string, Values[]> = {};
  const shapes = [
    { x: [6], ids: [0, 2, 2, 1, 0, 2], segments: 3 },
    { x: [4, 3], ids: [3, 3, 0, 3], segments: 5 },
    { x: [2, 2, 3], ids: [1, 1], segments: 2 },
    { x: [3, 2], ids: [-1, 0, -7], segments: 2 }, // negative ids are left out
    { x: [0, 4], ids: [], segments: 2 },
  ];

  let runtime: TensorRuntime;
  afterAll(() => runtime.dispose());

  beforeAll(async () => {
    await cpu();
    const supplied = tf.getKernel("UnsortedSegmentSum", "cpu");
    tf.unregisterKernel("UnsortedSegmentSum", "cpu");
    tf.registerKernel({ ...supplied, kernelFunc: stockSegmentSum });
    for (const [name, compute] of Object.entries(languageModelOperations)) {
      reference[name] = valuesOf(compute);
    }
    for (const { x, ids, segments } of shapes) {
      reference[`segments ${x}`] = valuesOf(() => segmentSum(wave(x), ids, segments));
    }
    runtime = await start();
  });

  test.each(Object.entries(languageModelOperations))("%s", (name, compute) => {
    expectSame(valuesOf(compute), reference[name] ?? []);
  });

  test.each(shapes)("segment sum of $x by $ids", ({ x, ids, segments }) => {
    const sums = valuesOf(() => segmentSum(wave(x), ids, segments));
    expectSame(sums, reference[`segments ${x}`] ?? []);
  });

  test("queries of all heads meet keys that heads, or examples, share", () => {
    for (const [batchesA, batchesB] of [
      [
        [2, 3],
        [2, 1],
      ],
      [
        [2, 1],
        [1, 3],
      ],
      [[2, 3], [3]],
    ] as const) {
      const [a, b] = [wave([...batchesA, 4, 5]), wave([...batchesB, 5, 2], 1)];
      const whole = tf.broadcastTo(b, [2, 3, 5, 2]);
      const each = tf.unstack(tf.reshape(tf.broadcastTo(a, [2, 3, 4, 5]), [6, 4, 5]));
      const others = tf.unstack(tf.reshape(whole, [6, 5, 2]));
      const products = each.map((matrix, i) => tf.matMul(matrix, others[i] as tf.Tensor));
      expectSame(
        valuesOf(() => tf.reshape(tf.matMul(a, b), [6, 4, 2])),
        valuesOf(() => tf.stack(products)),
      );
    }
  });

  test("segment sum equals the one worked out by hand", () => {
    // Row 0 and row 2 go to segment 1, row 1 nowhere, nothing to segment 0.
    const x = tf.tensor2d([1, 2, 3, 4, 5, 6], [3, 2]);
    expect(segmentSum(x, [1, -1, 1], 2).arraySync()).toEqual([
      [0, 0],
      [1 + 5, 2 + 6],
    ]);
  });

  test("segment sum of int32 stays int32", () => {
    const sums = segmentSum(tf.tensor1d([5, 6, 7], "int32"), [1, 1, 0], 2);
    expect(sums.dtype).toBe("int32");
    expect(sums.arraySync()).toEqual([7, 11]);
  });

  test("segment sum refuses an id beyond the last segment, as TensorFlow does on the CPU", () => {
    expect(() => segmentSum(tf.ones([2, 3]), [0, 4], 4)).toThrow(
      "[BAD_DATA] unsortedSegmentSum: segmentIds[1] is 4, but there are 4 segments.",
    );
  });

  test("a function that is to be compiled stays as it is", () => {
    const square = (x: tf.Tensor) => tf.square(x);
    expect(runtime.compile(square, { mode: "xla" })).toBe(square);
    expect(runtime.compilations()).toEqual([]);
  });

  test("the gradient of an embedding lookup is quick for a large vocabulary", () => {
    const started = performance.now();
    const tokens = tf.tensor1d([7, 50_256, 7], "int32");
    const gradient = tf.grad((table) => tf.sum(tf.gather(table, tokens)))(tf.zeros([50_257, 8]));
    const rows = gradient.dataSync();
    expect([rows[7 * 8], rows[50_256 * 8], rows[0]]).toEqual([2, 1, 0]);
    expect(performance.now() - started).toBeLessThan(5_000); // the stock kernel takes minutes
  });
});

describe("The wasm runtime", () => {
  test("tells what computes and what it holds", async () => {
    const runtime = await wasm();
    expect(runtime).toMatchObject({ name: "wasm", device: "cpu", version: "4.22.0" });
    expect(tf.getBackend()).toBe("wasm");
    const before = runtime.memory();
    const tensor = tf.zeros([10, 10]);
    expect(runtime.memory().tensorBytes - before.tensorBytes).toBe(400);
    tensor.dispose();
    runtime.dispose();
  });

  test("has no kernels that give wrong numbers", async () => {
    const runtime = await wasm();
    expect(() => tf.maxPool3d(tf.fill<tf.Rank.R5>([1, 2, 2, 2, 1], -1), 2, 1, "valid")).toThrow(
      "Kernel 'MaxPool3D' not registered",
    );
    runtime.dispose();
  });

  test("says so when its memory is full, instead of writing past its end", async () => {
    const runtime = await wasm();
    const { wasm: memory } = tf.backend() as unknown as {
      wasm: { _malloc(bytes: number): number };
    };
    expect(() => memory._malloc(2 ** 32)).toThrow(
      /no room for a tensor of 4295 MB: it holds at most 4295 MB and has taken \d+ MB\. Run `metalearn setup`/,
    );
    expect(tf.add(1, 2).dataSync()[0]).toBe(3);
    runtime.dispose();
  });

  test("counts the memory that it has taken, and looks whether it got any", () => {
    let next = 1_000;
    const allocator = {
      _malloc: (bytes: number) => {
        const address = next;
        next += bytes;
        return bytes === 7 ? 0 : address | 0; // addresses above 2 GB come as negative numbers
      },
      _free: () => {},
    };
    guardWasmMemory({ wasm: allocator } as unknown as tf.KernelBackend);
    expect(allocator._malloc(3e9)).toBe(1_001);
    expect(allocator._malloc(1e6)).toBe(3_000_001_001);
    expect(() => allocator._malloc(1.3e9)).toThrow(/no room for a tensor of 1300 MB.*3001 MB/);
    expect(() => allocator._malloc(7)).toThrow(/no room/);
    expect(allocator._malloc(1e9)).toBe(3_001_001_008);
  });

  test("leaves the process's handling of errors as it was", async () => {
    const before = process.listenerCount("uncaughtException");
    const runtime = await wasm();
    expect(process.listenerCount("uncaughtException")).toBe(before);
    runtime.dispose();
  });

  test("can be freed and started again", async () => {
    for (let i = 0; i < 2; i++) {
      const runtime = await wasm();
      expect(tf.sum(tf.ones([10])).dataSync()[0]).toBe(10);
      expect(segmentSum(tf.ones([2]), [1, 1], 2).arraySync()).toEqual([0, 2]);
      runtime.dispose();
    }
  });
});
