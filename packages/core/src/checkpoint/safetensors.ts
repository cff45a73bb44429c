import { type FileHandle, open } from "node:fs/promises";
import type * as tf from "@tensorflow/tfjs";
import { MetaError } from "../errors.js";
import type { Params } from "../params.js";
import {
  beyondFloat16,
  bytesPerElement,
  decodeTensor,
  encodeFloats,
  type FloatType,
  floatTypes,
} from "./elementTypes.js";
import { writeAtomically } from "./files.js";
import {
  type Complaint,
  elementsOf,
  isCounts,
  openForReading,
  readAll,
  readableEntry,
  readFully,
  type StoredTensor,
  type TensorFile,
} from "./tensorFile.js";

/** Location of a tensor in a safetensors file. */
export interface SafetensorsEntry extends StoredTensor {
  /** Start and end (exclusive) in bytes, counted from the end of the header. */
  readonly offsets: readonly [number, number];
}

/** An open safetensors file. */
export interface SafetensorsFile extends TensorFile<SafetensorsEntry> {
  readonly metadata: Readonly<Record<string, string>>;
}

const longestHeader = 100_000_000; // the format's own limit, in bytes

/**
 * Opens a file in Hugging Face's safetensors format.
 *
 * @throws MetaError `MISSING_FILE`; `BAD_CHECKPOINT` when the file is truncated or not safetensors
 */
export function openSafetensors(path: string): Promise<SafetensorsFile> {
  const bad: Complaint = (what, cause) =>
    new MetaError("BAD_CHECKPOINT", `${path} is not a usable safetensors file: ${what}.`, {
      cause,
    });
  return openForReading(path, async (file) => {
    const { size } = await file.stat();
    const { header, start } = await readHeader(file, size, bad);
    const { __metadata__: metadata = {}, ...tensors } = header;
    if (!isTexts(metadata)) throw bad("its metadata is not text by name");
    const entries = Object.fromEntries(
      Object.entries(tensors).map(([name, entry]) => [name, parseEntry(name, entry, bad)]),
    );
    requireGapless(entries, size - start, bad);
    const entry = (name: string) => readableEntry(entries, name, bad);
    return {
      entries,
      metadata,
      entry,
      async read(name) {
        const { dtype, shape, offsets } = entry(name);
        const bytes = new Uint8Array(offsets[1] - offsets[0]);
        await readFully(file, bytes, start + offsets[0], bad);
        return decodeTensor(bytes, dtype, shape);
      },
      close: () => file.close(),
    };
  });
}

/**
 * Reads the tensors of a file. The caller owns them.
 *
 * @param wanted names of the tensors to read. @default all
 */
export function readSafetensors(
  path: string,
  wanted: (name: string) => boolean = () => true,
): Promise<Params> {
  return readAll(openSafetensors(path), wanted);
}

/** Options of {@link writeSafetensors}. */
export interface SafetensorsOptions {
  /** Storage type of float32 tensors, rounded to nearest. @default "float32" */
  readonly dtype?: FloatType;
}

/** A tensor to be written, or one whose values are fetched when its turn comes. */
export interface WritableTensor {
  readonly shape: readonly number[];
  /** As TensorFlow.js names types. */
  readonly dtype: string;
  /** All values in order; asked for once. */
  data(): Promise<tf.TypedArray>;
}

/**
 * Writes tensors (float32, or int32) in safetensors format, atomically, one after the other.
 *
 * @throws MetaError `BAD_OPTION` for a tensor of another type, or with values beyond float16
 */
export async function writeSafetensors(
  path: string,
  params: Readonly<Record<string, WritableTensor>>,
  metadata: Readonly<Record<string, string>> = {},
  { dtype: floatType = "float32" }: SafetensorsOptions = {},
): Promise<void> {
  let end = 0;
  const header: Record<string, unknown> = { __metadata__: metadata };
  for (const [name, tensor] of Object.entries(params)) {
    const dtype = { float32: floatTypes[floatType], int32: "I32" }[tensor.dtype];
    if (!dtype) {
      throw new MetaError(
        "BAD_OPTION",
        `Tensor "${name}" is ${tensor.dtype}; a checkpoint holds float32 and int32.`,
      );
    }
    const bytes = (bytesPerElement[dtype] as number) * elementsOf(tensor.shape);
    header[name] = { dtype, shape: tensor.shape, data_offsets: [end, end + bytes] };
    end += bytes;
  }
  const json = JSON.stringify(header);
  // Spaces to a multiple of 8 bytes, so that readers may map the tensors into memory.
  const text = Buffer.from(json.padEnd(json.length + ((8 - (Buffer.byteLength(json) % 8)) % 8)));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  await writeAtomically(path, async (temporary) => {
    const file = await open(temporary, "w");
    try {
      await file.writeFile(Buffer.concat([length, text]));
      for (const [name, tensor] of Object.entries(params)) {
        await file.writeFile(await encode(name, tensor, floatType));
      }
      await file.sync();
    } finally {
      await file.close();
    }
  });
}

async function encode(
  name: string,
  tensor: WritableTensor,
  floatType: FloatType,
): Promise<Uint8Array> {
  const values = await tensor.data();
  if (!(values instanceof Float32Array)) {
    return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  }
  if (floatType === "float16" && values.some((value) => Math.abs(value) >= beyondFloat16)) {
    throw new MetaError(
      "BAD_OPTION",
      `Tensor "${name}" has values beyond 65504, which float16 cannot hold. Write bfloat16 or float32.`,
    );
  }
  return encodeFloats(values, floatType);
}

async function readHeader(
  file: FileHandle,
  size: number,
  bad: Complaint,
): Promise<{ header: Record<string, unknown>; start: number }> {
  const prefix = new Uint8Array(8);
  await readFully(file, prefix, 0, bad);
  const length = Number(Buffer.from(prefix).readBigUInt64LE());
  if (length > longestHeader) throw bad(`its header would be ${length} bytes long`);
  if (8 + length > size) throw bad("it ends too early");
  const text = new Uint8Array(length);
  await readFully(file, text, 8, bad);
  try {
    const json = Buffer.from(text).toString("utf8");
    if (!json.startsWith("{")) throw new TypeError("not an object");
    return { header: JSON.parse(json), start: 8 + length };
  } catch (cause) {
    throw bad("its header is not a JSON object", cause);
  }
}

function isTexts(value: unknown): value is Record<string, string> {
  return (
    typeof value === "object" &&
    value !== null &&
    Object.values(value).every((text) => typeof text === "string")
  );
}

function parseEntry(name: string, value: unknown, bad: Complaint): SafetensorsEntry {
  if (name === "__proto__") throw bad("no tensor can have this name: __proto__");
  const { dtype, shape, data_offsets: offsets } = Object(value) as Record<string, unknown>;
  if (typeof dtype !== "string" || !isCounts(shape) || !isCounts(offsets) || offsets.length !== 2) {
    throw bad(`the header's entry for tensor "${name}" is malformed`);
  }
  const [from, to] = offsets as [number, number];
  // A tensor of another type is an error only when it is read.
  const size = bytesPerElement[dtype];
  if (size !== undefined && to - from !== size * elementsOf(shape)) {
    throw bad(`tensor "${name}" of shape [${shape}] does not fill its ${to - from} bytes`);
  }
  return { dtype, shape, offsets: [from, to] };
}

/** Tensors must fill the bytes after the header in some order, without holes or overlaps. */
function requireGapless(
  entries: Readonly<Record<string, SafetensorsEntry>>,
  bytes: number,
  bad: Complaint,
): void {
  let end = 0;
  const inOrder = Object.entries(entries).sort(
    ([, { offsets: a }], [, { offsets: b }]) => a[0] - b[0] || a[1] - b[1],
  );
  for (const [name, { offsets }] of inOrder) {
    if (offsets[0] !== end || offsets[1] < end) {
      throw bad(
        `tensor "${name}" takes the bytes ${offsets[0]} to ${offsets[1]}, but the tensors before it end at ${end}`,
      );
    }
    end = offsets[1];
  }
  if (end !== bytes) {
    const guess = bytes < end ? "It was probably cut short" : "Something else was added to it";
    throw bad(
      `its tensors take ${end} bytes, but ${bytes} follow the header. ${guess}: write or download it again`,
    );
  }
}
