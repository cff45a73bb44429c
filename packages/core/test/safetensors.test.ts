import { readFile, writeFile } from "node:fs/promises";
import { pythonLacks, runPython } from "@metalearn/test-support/python";
import { rawSafetensors, splitSafetensors } from "@metalearn/test-support/rawSafetensors";
import { temporaryFolder } from "@metalearn/test-support/temporaryFolder";
import * as tf from "@tensorflow/tfjs";
import { describe, expect, test } from "vitest";
import {
  openSafetensors,
  readSafetensors,
  writeSafetensors,
} from "../src/checkpoint/safetensors.js";
import type { Params } from "../src/params.js";

const inFolder = temporaryFolder();

async function read(bytes: Buffer): Promise<Params> {
  const path = inFolder("model.safetensors");
  await writeFile(path, bytes);
  return readSafetensors(path);
}

async function write(params: Params, metadata?: Record<string, string>): Promise<Buffer> {
  const path = inFolder("model.safetensors");
  await writeSafetensors(path, params, metadata);
  return readFile(path);
}

/** Shape, type and values of every tensor, in order. */
const contents = (params: Params) =>
  Object.entries(params).map(([name, tensor]) => [
    name,
    tensor.dtype,
    tensor.shape,
    Array.from(tensor.dataSync()),
  ]);

/** One float32 after the other: 1 is 0x3f800000, 2 is 0x40000000, -2.5 is 0xc0200000. */
const one = [0x00, 0x00, 0x80, 0x3f];
const two = [0x00, 0x00, 0x00, 0x40];
const minusTwoAndAHalf = [0x00, 0x00, 0x20, 0xc0];

describe("a file laid out by hand", () => {
  test("gives its tensors, whatever the order of their bytes", async () => {
    const params = await read(
      rawSafetensors(
        {
          __metadata__: { format: "pt" },
          matrix: { dtype: "F32", shape: [2, 1], data_offsets: [4, 12] },
          counts: { dtype: "I32", shape: [2], data_offsets: [12, 20] },
          scalar: { dtype: "F32", shape: [], data_offsets: [0, 4] },
          nothing: { dtype: "F32", shape: [0, 3], data_offsets: [20, 20] },
        },
        // -1 and 258 = 0x102 as 32-bit integers
        Uint8Array.of(...two, ...one, ...minusTwoAndAHalf, 255, 255, 255, 255, 2, 1, 0, 0),
      ),
    );
    expect(contents(params)).toEqual([
      ["matrix", "float32", [2, 1], [1, -2.5]],
      ["counts", "int32", [2], [-1, 258]],
      ["scalar", "float32", [], [2]],
      ["nothing", "float32", [0, 3], []],
    ]);
  });

  test("may hold float16", async () => {
    // 1.5, -2, the smallest subnormal 2^-24, infinity
    const bytes = Uint8Array.of(0x00, 0x3e, 0x00, 0xc0, 0x01, 0x00, 0x00, 0x7c);
    const header = { x: { dtype: "F16", shape: [4], data_offsets: [0, 8] } };
    expect(contents(await read(rawSafetensors(header, bytes)))).toEqual([
      ["x", "float32", [4], [1.5, -2, 2 ** -24, Number.POSITIVE_INFINITY]],
    ]);
  });

  test("may hold bfloat16", async () => {
    // the upper halves of the float32 numbers 1.5 (0x3fc00000) and -2 (0xc0000000)
    const bytes = Uint8Array.of(0xc0, 0x3f, 0x00, 0xc0);
    const header = { x: { dtype: "BF16", shape: [2], data_offsets: [0, 4] } };
    expect(contents(await read(rawSafetensors(header, bytes)))).toEqual([
      ["x", "float32", [2], [1.5, -2]],
    ]);
  });

  test("may hold a tensor of another type, as long as nobody reads it", async () => {
    const header = {
      mask: { dtype: "BOOL", shape: [2], data_offsets: [0, 2] },
      x: { dtype: "F32", shape: [1], data_offsets: [2, 6] },
    };
    const path = inFolder("masked.safetensors");
    await writeFile(path, rawSafetensors(header, Uint8Array.of(1, 0, ...one)));
    const file = await openSafetensors(path);
    expect((await file.read("x")).arraySync()).toEqual([1]);
    await expect(file.read("mask")).rejects.toThrow(
      'tensor "mask" is BOOL; known types are F32, I32, F16, BF16',
    );
    await file.close();
    await expect(readSafetensors(path)).rejects.toThrow("[BAD_CHECKPOINT]");
  });
});

describe("a file that we write", () => {
  const params = {
    "h.0.weight": tf.tensor2d([1, -2.5], [1, 2]),
    "größe/名前 🙂": tf.scalar(2),
    counts: tf.tensor1d([-1, 258], "int32"),
  };

  test("follows the format byte by byte", async () => {
    const bytes = await write(params, { format: "pt", Übung: "日本" });
    const { header, data } = splitSafetensors(bytes);
    expect(header).toEqual({
      __metadata__: { format: "pt", Übung: "日本" },
      "h.0.weight": { dtype: "F32", shape: [1, 2], data_offsets: [0, 8] },
      "größe/名前 🙂": { dtype: "F32", shape: [], data_offsets: [8, 12] },
      counts: { dtype: "I32", shape: [2], data_offsets: [12, 20] },
    });
    expect([...data]).toEqual(
      [one, minusTwoAndAHalf, two, [255, 255, 255, 255], [2, 1, 0, 0]].flat(),
    );
    // The format asks for data that is aligned to 8 bytes, by spaces after the header.
    expect((bytes.length - data.length) % 8).toBe(0);
  });

  test("gives back names of any script, types, shapes and metadata", async () => {
    await write(params, { Übung: "日本" });
    const path = inFolder("model.safetensors");
    expect(contents(await readSafetensors(path))).toEqual(contents(params));
    const file = await openSafetensors(path);
    await file.close();
    expect(file.metadata).toEqual({ Übung: "日本" });
  });

  test.each([
    // [float32, float16, bfloat16]; ties go to the even neighbour
    [1, 0x3c00, 0x3f80],
    [-0, 0x8000, 0x8000],
    [-2.5, 0xc100, 0xc020],
    [1 + 2 ** -11, 0x3c00, 0x3f80], // halfway between 1 and 1 + 2^-10
    [1 + 3 * 2 ** -11, 0x3c02, 0x3f80], // halfway between 1 + 2^-10 and 1 + 2^-9
    [1 + 2 ** -8, 0x3c04, 0x3f80], // halfway between bfloat16's 1 and 1 + 2^-7
    [1 + 3 * 2 ** -8, 0x3c0c, 0x3f82],
    [2 - 2 ** -20, 0x4000, 0x4000], // up into the next exponent
    [65504, 0x7bff, 0x4780], // float16's largest
    [65519.99609375, 0x7bff, 0x4780], // the last that rounds to it
    [2 ** -14, 0x0400, 0x3880], // float16's smallest normal number
    [2 ** -15, 0x0200, 0x3800], // subnormal from here on
    [3 * 2 ** -25, 0x0002, 0x33c0], // halfway between 1 and 2 steps of 2^-24
    [2 ** -25, 0x0000, 0x3300], // halfway between 0 and 1 step
    [2 ** -25 + 2 ** -40, 0x0001, 0x3300],
    [2 ** -130, 0x0000, 0x0008], // subnormal in bfloat16, too
    [Number.NaN, 0x7e00, 0x7fc0],
  ])("may store %f in half the bytes", async (value, float16, bfloat16) => {
    const path = inFolder("half.safetensors");
    for (const [dtype, name, wanted] of [
      ["float16", "F16", float16],
      ["bfloat16", "BF16", bfloat16],
    ] as const) {
      await writeSafetensors(path, { x: tf.tensor1d([value]) }, {}, { dtype });
      const { header, data } = splitSafetensors(await readFile(path));
      expect(header.x).toEqual({ dtype: name, shape: [1], data_offsets: [0, 2] });
      expect(data.readUInt16LE().toString(16), name).toBe(wanted.toString(16));
    }
  });

  test("stores nothing in float16 that it cannot hold", async () => {
    const path = inFolder("half.safetensors");
    const params = { x: tf.tensor1d([1, -65520]), counts: tf.tensor1d([70_000], "int32") };
    await expect(writeSafetensors(path, params, {}, { dtype: "float16" })).rejects.toThrow(
      '[BAD_OPTION] Tensor "x" has values beyond 65504, which float16 cannot hold. Write bfloat16 or float32.',
    );
    await writeSafetensors(path, { counts: params.counts }, {}, { dtype: "float16" });
    expect(contents(await readSafetensors(path))).toEqual([["counts", "int32", [1], [70_000]]]);
  });

  test("holds no other types", async () => {
    await expect(write({ x: tf.tensor1d([true, false], "bool") })).rejects.toThrow(
      '[BAD_OPTION] Tensor "x" is bool; a checkpoint holds float32 and int32.',
    );
  });
});

describe("a damaged file is refused", () => {
  const header = {
    a: { dtype: "F32", shape: [1], data_offsets: [0, 4] },
    b: { dtype: "F32", shape: [1], data_offsets: [4, 8] },
  };
  const data = Uint8Array.of(...one, ...two);
  const refused = (bytes: Buffer, message: string | RegExp) =>
    expect(read(bytes)).rejects.toThrow(message);

  test("that was cut off anywhere", async () => {
    const whole = rawSafetensors(header, data);
    expect(contents(await read(whole))).toHaveLength(2);
    for (let length = 0; length < whole.length; length++) {
      await refused(whole.subarray(0, length), /^\[BAD_CHECKPOINT\]/);
    }
  });

  test("that continues after its tensors", () =>
    refused(
      rawSafetensors(header, Uint8Array.of(...data, 0)),
      "its tensors take 8 bytes, but 9 follow the header. Something else was added to it",
    ));

  test.each([
    ["longer than the file", 1_000n, "it ends too early"],
    ["too short", 40n, "its header is not a JSON object"],
    ["impossible", 2n ** 63n, "its header would be 9223372036854776000 bytes long"],
  ])("whose header's length is %s", (_, length, message) =>
    refused(rawSafetensors(header, data, length), message),
  );

  test.each([
    [
      "overlap",
      { ...header, b: { ...header.b, data_offsets: [2, 6] } },
      /"b" takes the bytes 2 to 6/,
    ],
    ["share their bytes", { ...header, b: header.a }, /"b" takes the bytes 0 to 4.* end at 4/],
    [
      "leave a hole",
      { ...header, b: { ...header.b, data_offsets: [5, 9] } },
      /"b" takes .* 5 to 9/,
    ],
    [
      "run backwards",
      { ...header, b: { ...header.b, data_offsets: [8, 4] } },
      /does not fill its -4/,
    ],
    [
      "do not fill their bytes",
      { ...header, a: { ...header.a, shape: [2] } },
      /"a" of shape \[2\]/,
    ],
  ])("whose tensors %s", (_, layout, message) => refused(rawSafetensors(layout, data), message));

  test.each([
    ["null", null],
    ["a list", [1]],
    ["without a type", { shape: [1], data_offsets: [0, 4] }],
    ["of a negative shape", { dtype: "F32", shape: [-1], data_offsets: [0, 4] }],
    ["with one offset", { dtype: "F32", shape: [1], data_offsets: [0] }],
  ])("whose entry for a tensor is %s", (_, entry) =>
    refused(rawSafetensors({ a: entry }, data), 'entry for tensor "a" is malformed'),
  );

  test.each(["[]", "null", '"text"', "{", "x"])("whose header is %s", (text) =>
    refused(rawSafetensors(text, data), "its header is not a JSON object"),
  );

  test("that claims a header as long as any, without taking memory for it", async () => {
    const before = process.memoryUsage().arrayBuffers;
    await refused(rawSafetensors(header, data, 99_999_999n), "it ends too early");
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(10_000_000);
  });

  test("whose metadata is not text", async () => {
    await refused(rawSafetensors({ __metadata__: { a: 1 }, ...header }, data), "its metadata is");
    await refused(rawSafetensors({ __metadata__: null, ...header }, data), "its metadata is");
  });

  test("that is not there", async () => {
    await expect(readSafetensors(inFolder("none"))).rejects.toThrow("[MISSING_FILE] Cannot read");
  });
});

const noPython = pythonLacks("numpy", "safetensors");

describe.skipIf(noPython)(`the Python package ${noPython ?? ""}`, () => {
  test("writes files that we read", async () => {
    const path = inFolder("model.safetensors");
    runPython(
      `
import sys, numpy as np
from safetensors.numpy import save_file
save_file({
  "matrix": np.array([[1, 2, 3], [4, 5, 6.5]], np.float32),
  "counts": np.array([-1, 258], np.int32),
  "half": np.array([1.5, -2], np.float16),
  "größe/名前": np.array(0.25, np.float32),
  "nothing": np.zeros((0, 3), np.float32),
}, sys.argv[1], metadata={"by": "Python 日本"})
print("null")
`,
      path,
    );
    // Python stores tensors in an order of its own.
    expect(contents(await readSafetensors(path)).toSorted()).toEqual([
      ["counts", "int32", [2], [-1, 258]],
      ["größe/名前", "float32", [], [0.25]],
      ["half", "float32", [2], [1.5, -2]],
      ["matrix", "float32", [2, 3], [1, 2, 3, 4, 5, 6.5]],
      ["nothing", "float32", [0, 3], []],
    ]);
    const file = await openSafetensors(path);
    await file.close();
    expect(file.metadata).toEqual({ by: "Python 日本" });
  });

  test("reads files that we write", async () => {
    await write(
      {
        matrix: tf.tensor2d([1, 2, 3, 4, 5, 6.5], [2, 3]),
        counts: tf.tensor1d([-1, 258], "int32"),
        "größe/名前": tf.scalar(0.25),
      },
      { by: "日本" },
    );
    const found = runPython(
      `
import json, sys
from safetensors import safe_open
with safe_open(sys.argv[1], "np") as file:
  tensors = {name: file.get_tensor(name) for name in file.keys()}
  print(json.dumps({"metadata": file.metadata(), "tensors": {
    name: [str(tensor.dtype), tensor.tolist()] for name, tensor in tensors.items()}}))
`,
      inFolder("model.safetensors"),
    );
    expect(found).toEqual({
      metadata: { by: "日本" },
      tensors: {
        matrix: [
          "float32",
          [
            [1, 2, 3],
            [4, 5, 6.5],
          ],
        ],
        counts: ["int32", [-1, 258]],
        "größe/名前": ["float32", 0.25],
      },
    });
  });
});
