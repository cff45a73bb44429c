import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { randomFor } from "@metalearn/core";
import { pythonLacks, runPython } from "@metalearn/test-support/python";
import { temporaryFolder } from "@metalearn/test-support/temporaryFolder";
import { describe, expect, test } from "vitest";
import { dequantize, readableTypes } from "../../src/gguf/dequantize.js";
import { ggmlTypes } from "../../src/gguf/ggmlTypes.js";

interface Blocks {
  /** Where in a block the float16 scales are. */
  readonly scales: readonly number[];
  readonly sha256: string;
}

const expected: Record<string, Blocks> = JSON.parse(
  readFileSync(join(import.meta.dirname, "../fixtures/gguf/blocks.json"), "utf8"),
);
const widths = new Map([...ggmlTypes.values()].map(({ name, bytes }) => [name, bytes]));
const widthOf = (type: string) => widths.get(type) as number;

/** The blocks that `make_blocks.py` makes. */
function allScales(type: string): Uint8Array<ArrayBuffer> {
  const width = widthOf(type);
  const bytes = new Uint8Array(2 ** 16 * width);
  for (let i = 0; i < bytes.length; i++) {
    const x = Math.imul(i, 0x9e3779b1);
    bytes[i] = Math.imul(x ^ (x >>> 15), 0x85ebca6b) >>> 24;
  }
  const view = new DataView(bytes.buffer);
  for (let block = 0; block < 2 ** 16; block++) {
    for (const [i, place] of (expected[type]?.scales ?? []).entries()) {
      view.setUint16(block * width + place, Math.imul(block, i === 0 ? 1 : 40503) & 0xffff, true);
    }
  }
  return bytes;
}

/** The values' bits, with one NaN for all. */
function bitsOf(values: Float32Array): Uint32Array {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  return bits.map((word, i) => (Number.isNaN(values[i]) ? 0x7fc00000 : word));
}

test("every type that can be read is compared, but for float32", () => {
  expect(["F32", ...Object.keys(expected)].sort()).toEqual([...readableTypes].sort());
});

test.each(Object.keys(expected))(
  "blocks of %s with every scale there is are, to the bit, what Python's gguf makes of them",
  (type) => {
    const bits = bitsOf(dequantize(allScales(type), type));
    expect(createHash("sha256").update(bits).digest("hex")).toBe(expected[type]?.sha256);
  },
);

const noPython = pythonLacks("gguf", "numpy");

const program = `
import sys
import numpy as np
from gguf import GGMLQuantizationType, GGML_QUANT_SIZES, dequantize
path, name = sys.argv[1:]
kind = GGMLQuantizationType[name]
with np.errstate(all="ignore"):
  values = dequantize(np.fromfile(path, dtype=np.uint8).reshape(-1, GGML_QUANT_SIZES[kind][1]), kind)
values.astype(np.float32).tofile(path + ".out")
print("null")
`;

describe.skipIf(noPython)(`random blocks ${noPython ?? ""}`, () => {
  const inFolder = temporaryFolder();

  test.each(Object.keys(expected))("of %s are what Python's gguf makes of them", (type) => {
    const random = randomFor(7, type);
    const bytes = Uint8Array.from({ length: 300 * widthOf(type) }, () => random.integer(256));
    writeFileSync(inFolder("blocks"), bytes);
    runPython(program, inFolder("blocks"), type);
    const theirs = new Float32Array(Uint8Array.from(readFileSync(inFolder("blocks.out"))).buffer);
    expect(bitsOf(dequantize(bytes, type))).toEqual(bitsOf(theirs));
  });
});
