import { decodeFloats, type FloatDtype } from "@metalearn/core/files";
import { ggmlTypes } from "./ggmlTypes.js";
import { kBlocks } from "./kBlocks.js";
import { type BlockReader, legacyBlocks } from "./legacyBlocks.js";

const floats: ReadonlySet<string> = new Set<FloatDtype>(["F32", "F16", "BF16"]);

const blockReaders: Readonly<Record<string, BlockReader>> = { ...legacyBlocks, ...kBlocks };

/** The types that {@link dequantize} reads. */
export const readableTypes: readonly string[] = [...floats, ...Object.keys(blockReaders)];

const elementsPerByte = new Map(
  [...ggmlTypes.values()].map(({ name, elements, bytes }) => [name, elements / bytes]),
);

/**
 * The float32 values of stored numbers, equal bit for bit to ggml's own dequantisation, except for the payload of
 * NaNs.
 *
 * @param bytes whole blocks, in a buffer of their own
 * @param dtype one of {@link readableTypes}
 * Source: `dequantize_row_*` in ggml-quants.c of ggml; the Python package `gguf` computes the same.
 */
export function dequantize(bytes: Uint8Array<ArrayBuffer>, dtype: string): Float32Array {
  if (floats.has(dtype)) return decodeFloats(bytes, dtype as FloatDtype);
  const into = new Float32Array(bytes.length * (elementsPerByte.get(dtype) as number));
  (blockReaders[dtype] as BlockReader)(bytes, into);
  return into;
}
