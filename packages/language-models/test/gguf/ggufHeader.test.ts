import { MetaError } from "@metalearn/core";
import { describe, expect, test } from "vitest";
import { type GgufHeader, parseGgufHeader } from "../../src/gguf/ggufHeader.js";
import { moreBytes } from "../../src/gguf/headerCursor.js";
import {
  type RawGguf,
  type RawTensor,
  type RawValue,
  rawGguf,
  u32,
  u64,
} from "../support/rawGguf.js";

const bad = (what: string, cause?: unknown) => new MetaError("BAD_CHECKPOINT", what, { cause });

function parse(file: Buffer, size = file.length): GgufHeader {
  return parseGgufHeader(new Uint8Array(file), size, bad);
}

const one: RawTensor = { name: "a", dims: [4, 2], type: 0, offset: 0 };
const whole: RawGguf = { metadata: [], tensors: [one], data: new Uint8Array(64) };

/** A file with one key. */
const withValue = (value: RawValue, key = "k"): RawGguf => ({ ...whole, metadata: [[key, value]] });
/** A file of some tensors with 64 bytes. */
const withTensors = (...tensors: Partial<RawTensor>[]): RawGguf => ({
  ...whole,
  tensors: tensors.map((tensor) => ({ ...one, ...tensor })),
});
/** An array: the type of its elements, their number, and bytes. */
const array = (type: number, count: number | bigint, ...bytes: Uint8Array[]): RawValue => ({
  type: 9,
  value: Buffer.concat([u32(type), u64(count), ...bytes]),
});

describe("a header", () => {
  test.each([2, 3])("of version %i is read", (version) => {
    const { tensors, metadata } = parse(
      rawGguf({ ...whole, version, metadata: [["x", { type: "u32", value: 7 }]] }),
    );
    expect(metadata.get("x")).toBe(7);
    const { position, ...tensor } = tensors.get("a") ?? { position: 0 };
    // The slowest dimension first.
    expect(tensor).toEqual({ dtype: "F32", shape: [2, 4], bytes: 32 });
    expect(position % 32).toBe(0);
  });

  test("has values of all types, as Python's struct would pack them", () => {
    const number = (type: number, hex: string): RawValue => ({
      type,
      value: Buffer.from(hex, "hex"),
    });
    const values: [string, RawValue, unknown][] = [
      ["u8", number(0, "ff"), 255],
      ["i8", number(1, "ff"), -1],
      ["u16", number(2, "feff"), 65534],
      ["i16", number(3, "feff"), -2],
      ["u32", number(4, "feffffff"), 4294967294],
      ["i32", number(5, "feffffff"), -2],
      ["f32", number(6, "0000c03f"), 1.5],
      ["true", number(7, "02"), true],
      ["false", number(7, "00"), false],
      ["text", { type: "text", value: "\ufeffé" }, "\ufeffé"],
      ["u64", number(10, "ffffffffffffff7f"), 2n ** 63n - 1n],
      ["small", number(10, "0500000000000000"), 5],
      ["i64", number(11, "feffffffffffffff"), -2],
      ["f64", number(12, "000000000000f83f"), 1.5],
      ["i16s", array(3, 2, Buffer.from("0100feff", "hex")), new Int16Array([1, -2])],
      ["f32s", array(6, 1, Buffer.from("0000c03f", "hex")), new Float32Array([1.5])],
      ["flags", array(7, 3, Buffer.from("000102", "hex")), new Uint8Array([0, 1, 1])],
      ["u64s", array(10, 1, u64(2n ** 60n)), new BigUint64Array([2n ** 60n])],
      ["texts", { type: "texts", value: ["", "\ufeff", "Ġthe"] }, ["", "\ufeff", "Ġthe"]],
      ["none", array(8, 0), []],
    ];
    const { metadata } = parse(
      rawGguf({ ...whole, metadata: values.map(([key, value]) => [key, value]) }),
    );
    expect(Object.fromEntries(metadata)).toEqual(
      Object.fromEntries(values.map(([key, , wanted]) => [key, wanted])),
    );
  });

  test("may be longer than what was read of it", () => {
    const file = rawGguf(withValue({ type: "text", value: "long".repeat(100) }));
    for (const read of [4, 8, 30, 100, 300, 400]) {
      expect(() => parse(file.subarray(0, read), file.length)).toThrow(moreBytes as never);
    }
  });

  test.each<[string, RawGguf | Buffer, RegExp]>([
    ["another beginning", { ...whole, magic: "GGML" }, /does not begin with GGUF/],
    ["nothing in it", Buffer.alloc(0), /ends too early/],
    ["version 1", { ...whole, version: 1 }, /of version 1; known are 2 and 3/],
    ["version 4", { ...whole, version: 4 }, /of version 4/],
    ["version 0", { ...whole, version: 0 }, /of version 0/],
    ["the order of bytes of other machines", { ...whole, version: 0x03000000 }, /big-endian/],
    ["keys without end", { ...whole, keyCount: 2n ** 64n - 1n }, /beyond the end of any file/],
    ["more keys than are read", { ...whole, keyCount: 2n ** 30n }, /1073741824 metadata keys/],
    ["more keys than fit", { ...whole, keyCount: 1000n }, /cannot hold the 1000 metadata keys/],
    [
      "more keys than there are",
      { ...whole, keyCount: 2n },
      /is \d+ bytes long|beyond|early|not UTF-8|does not have/,
    ],
    ["tensors without end", { ...whole, tensorCount: 2n ** 63n }, /beyond the end of any file/],
    ["more tensors than fit", { ...whole, tensorCount: 1000n }, /cannot hold the 1000 tensors/],
    [
      "a key twice",
      {
        ...whole,
        metadata: [
          ["k", { type: "u32", value: 1 }],
          ["k", { type: "u32", value: 1 }],
        ],
      },
      /"k" twice/,
    ],
    [
      "a type of values that is none",
      withValue({ type: 13, value: u64(0) }),
      /"k" is of a type that GGUF does not have: 13/,
    ],
    ["a text beyond the file", withValue({ type: 8, value: u64(2 ** 40) }), /ends too early/],
    [
      "a text without end",
      withValue({ type: 8, value: u64(2n ** 63n) }),
      /beyond the end of any file/,
    ],
    [
      "a text that is none",
      withValue({ type: "text", value: new Uint8Array([0xc3, 0x28]) }),
      /not UTF-8/,
    ],
    ["texts without end", withValue(array(8, 2 ** 50)), /texts of "k"/],
    ["numbers without end", withValue(array(6, 2 ** 50)), /1125899906842624 numbers of "k"/],
    ["arrays in arrays", withValue(array(9, 2 ** 20, u32(9), u64(1))), /"k" is an array of arrays/],
    ["an array of no type", withValue(array(99, 1)), /does not have: 99/],
    [
      "an alignment of 0",
      withValue({ type: "u32", value: 0 }, "general.alignment"),
      /alignment is 0/,
    ],
    [
      "an alignment of 24",
      withValue({ type: "u32", value: 24 }, "general.alignment"),
      /alignment is 24/,
    ],
    [
      "an alignment in words",
      withValue({ type: "text", value: "32" }, "general.alignment"),
      /alignment is 32, not/,
    ],
    [
      "an alignment beyond the file",
      withValue({ type: "u32", value: 2 ** 31 }, "general.alignment"),
      /goes beyond/,
    ],
    ["five dimensions", withTensors({ dims: [1, 1, 1, 1, 1] }), /5 dimensions of tensor "a"/],
    ["dimensions without end", withTensors({ dims: [2n ** 63n] }), /beyond the end of any file/],
    [
      "a product of dimensions without end",
      withTensors({ dims: [2 ** 50, 2 ** 50, 2 ** 50, 2 ** 50] }),
      /goes beyond/,
    ],
    ["a name without end", withTensors({ name: "n".repeat(2000) }), /is 2000 bytes long/],
    ["a tensor twice", withTensors({}, { offset: 32 }), /"a" is there twice/],
    ["a tensor beyond the file", withTensors({ offset: 64 }), /goes beyond its \d+ bytes/],
    ["a tensor far beyond the file", withTensors({ offset: 2 ** 52 }), /goes beyond/],
    [
      "a place beyond all files",
      withTensors({ offset: 2n ** 64n - 32n }),
      /beyond the end of any file/,
    ],
    ["a tensor that is not aligned", withTensors({ offset: 4 }), /no multiple of 32/],
    ["tensors that overlap", withTensors({}, { name: "b" }), /"a" and "b" overlap/],
    [
      "rows that are no blocks",
      withTensors({ dims: [16], type: 8 }),
      /rows of 16 are no blocks of 32/,
    ],
  ])("with %s is refused", (_, file, message) => {
    const bytes = Buffer.isBuffer(file) ? file : rawGguf(file);
    expect(() => parse(bytes)).toThrow(message);
    expect(() => parse(bytes)).toThrow(MetaError);
  });

  test("that promises much takes no memory for it", () => {
    const before = process.memoryUsage();
    for (const type of [0, 6, 8, 12]) {
      // As many as the file would have to have bytes, of which almost none are there.
      const file = rawGguf(withValue(array(type, 2 ** 36)));
      expect(() => parse(file, 2 ** 40)).toThrow(moreBytes as never);
    }
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    expect(heapUsed + arrayBuffers - before.heapUsed - before.arrayBuffers).toBeLessThan(2 ** 24);
  });

  test("with holes between its tensors, or types from other times, is read", () => {
    const { tensors } = parse(
      rawGguf({
        ...withTensors({ dims: [2] }, { name: "b", dims: [3], type: 5, offset: 32 }),
        data: new Uint8Array(64),
      }),
    );
    expect(tensors.get("b")).toMatchObject({
      dtype: "type 5 of ggml",
      shape: [3],
      bytes: undefined,
    });
  });
});
