import { type FileHandle, open } from "node:fs/promises";
import * as tf from "@tensorflow/tfjs";
import { MetaError } from "../errors.js";
import type { Params } from "../params.js";
import { writeAtomically } from "./files.js";

/** A tensor's place in a safetensors file. */
export interface SafetensorsEntry {
  readonly dtype: string;
  readonly shape: readonly number[];
  /** First and last-plus-one byte, counted from the end of the header. */
  readonly offsets: readonly [number, number];
}

/** An open safetensors file, from which tensors are read one at a time. */
export interface SafetensorsFile {
  readonly entries: Readonly<Record<string, SafetensorsEntry>>;
  readonly metadata: Readonly<Record<string, string>>;
  /** A tensor's place. @throws MetaError `BAD_CHECKPOINT` when there is none, or of a type that cannot be read */
  entry(name: string): SafetensorsEntry;
  /** One tensor; float16 and bfloat16 arrive as float32. The caller owns it. */
  read(name: string): Promise<tf.Tensor>;
  close(): Promise<void>;
}

const bytesPerElement: Record<string, number> = { F32: 4, I32: 4, F16: 2, BF16: 2 };
const longestHeader = 100_000_000; // the format's own limit, in bytes

/**
 * Opens a file in Hugging Face's safetensors format.
 *
 * @throws MetaError `MISSING_FILE`; `BAD_CHECKPOINT` when the file is cut short or is none
 */
export async function openSafetensors(path: string): Promise<SafetensorsFile> {
  const file = await openForReading(path);
  try {
    const { header, start } = await readHeader(file, path);
    const { __metadata__: metadata = {}, ...tensors } = header;
    const entries = Object.fromEntries(
      Object.entries(tensors).map(([name, entry]) => [name, parseEntry(path, name, entry)]),
    );
    requireGapless(path, entries, (await file.stat()).size - start);
    const entryOf = (name: string) => {
      const entry = entries[name];
      if (!entry) throw bad(path, `there is no tensor "${name}"`);
      if (bytesPerElement[entry.dtype] !== undefined) return entry;
      const known = Object.keys(bytesPerElement).join(", ");
      throw bad(path, `tensor "${name}" is ${entry.dtype}; known types are ${known}`);
    };
    return {
      entries,
      metadata: metadata as Record<string, string>,
      entry: entryOf,
      read: async (name) => {
        const entry = entryOf(name);
        const bytes = new Uint8Array(entry.offsets[1] - entry.offsets[0]);
        await readFully(file, bytes, start + entry.offsets[0], path);
        return decode(bytes, entry);
      },
      close: () => file.close(),
    };
  } catch (error) {
    await file.close();
    throw error;
  }
}

/**
 * Reads the tensors of a file. The caller owns them.
 *
 * @param wanted which ones. @default all
 */
export async function readSafetensors(
  path: string,
  wanted: (name: string) => boolean = () => true,
): Promise<Params> {
  const file = await openSafetensors(path);
  try {
    const params: Record<string, tf.Tensor> = {};
    for (const name of Object.keys(file.entries).filter(wanted)) {
      params[name] = await file.read(name);
    }
    return params;
  } finally {
    await file.close();
  }
}

/**
 * Writes tensors (float32, or int32) in safetensors format, atomically.
 *
 * @throws MetaError `BAD_OPTION` for a tensor of another type
 */
export async function writeSafetensors(
  path: string,
  params: Params,
  metadata: Readonly<Record<string, string>> = {},
): Promise<void> {
  let end = 0;
  const header: Record<string, unknown> = { __metadata__: metadata };
  for (const [name, tensor] of Object.entries(params)) {
    const dtype = { float32: "F32", int32: "I32" }[tensor.dtype as string];
    if (!dtype) {
      throw new MetaError(
        "BAD_OPTION",
        `Tensor "${name}" is ${tensor.dtype}; a checkpoint holds float32 and int32.`,
      );
    }
    header[name] = { dtype, shape: tensor.shape, data_offsets: [end, end + 4 * tensor.size] };
    end += 4 * tensor.size;
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
      for (const tensor of Object.values(params)) {
        const values = await tensor.data();
        await file.writeFile(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
      }
      await file.sync();
    } finally {
      await file.close();
    }
  });
}

async function openForReading(path: string): Promise<FileHandle> {
  try {
    return await open(path, "r");
  } catch (cause) {
    throw new MetaError("MISSING_FILE", `Cannot read ${path}.`, { cause });
  }
}

async function readHeader(
  file: FileHandle,
  path: string,
): Promise<{ header: Record<string, unknown>; start: number }> {
  const prefix = new Uint8Array(8);
  await readFully(file, prefix, 0, path);
  const length = Number(Buffer.from(prefix).readBigUInt64LE());
  if (length > longestHeader) throw bad(path, `its header would be ${length} bytes long`);
  const text = new Uint8Array(length);
  await readFully(file, text, 8, path);
  try {
    const json = Buffer.from(text).toString("utf8");
    if (!json.startsWith("{")) throw new TypeError("not an object");
    return { header: JSON.parse(json), start: 8 + length };
  } catch (cause) {
    throw bad(path, "its header is not a JSON object", cause);
  }
}

function parseEntry(path: string, name: string, value: unknown): SafetensorsEntry {
  if (name === "__proto__") throw bad(path, "no tensor can have this name: __proto__");
  const { dtype, shape, data_offsets: offsets } = Object(value) as Record<string, unknown>;
  if (typeof dtype !== "string" || !isCounts(shape) || !isCounts(offsets) || offsets.length !== 2) {
    throw bad(path, `the header's entry for tensor "${name}" is malformed`);
  }
  const [from, to] = offsets as [number, number];
  // A tensor of another type is an error only for those who read it.
  const size = bytesPerElement[dtype];
  if (size !== undefined && to - from !== size * shape.reduce((a, b) => a * b, 1)) {
    throw bad(path, `tensor "${name}" of shape [${shape}] does not fill its ${to - from} bytes`);
  }
  return { dtype, shape, offsets: [from, to] };
}

/** Tensors must fill the bytes after the header in some order, without holes or overlaps. */
function requireGapless(
  path: string,
  entries: Readonly<Record<string, SafetensorsEntry>>,
  bytes: number,
): void {
  let end = 0;
  const inOrder = Object.entries(entries).sort(
    ([, { offsets: a }], [, { offsets: b }]) => a[0] - b[0] || a[1] - b[1],
  );
  for (const [name, { offsets }] of inOrder) {
    if (offsets[0] !== end || offsets[1] < end) {
      throw bad(
        path,
        `tensor "${name}" takes the bytes ${offsets[0]} to ${offsets[1]}, but the tensors before it end at ${end}`,
      );
    }
    end = offsets[1];
  }
  if (end !== bytes) {
    const guess = bytes < end ? "It was probably cut short" : "Something else was added to it";
    throw bad(
      path,
      `its tensors take ${end} bytes, but ${bytes} follow the header. ${guess}: write or download it again`,
    );
  }
}

function isCounts(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((n) => Number.isSafeInteger(n) && n >= 0);
}

async function readFully(
  file: FileHandle,
  into: Uint8Array,
  position: number,
  path: string,
): Promise<void> {
  let done = 0;
  while (done < into.length) {
    // One read call moves at most 2 GiB.
    const length = Math.min(into.length - done, 2 ** 30);
    const { bytesRead } = await file.read(into, done, length, position + done);
    if (bytesRead === 0) throw bad(path, "it ends too early");
    done += bytesRead;
  }
}

function decode(bytes: Uint8Array, { dtype, shape }: SafetensorsEntry): tf.Tensor {
  const dims = [...shape];
  const { buffer } = bytes as Uint8Array<ArrayBuffer>;
  switch (dtype) {
    case "I32":
      return tf.tensor(new Int32Array(buffer), dims, "int32");
    case "F16":
      return tf.tensor(Float32Array.from(new Uint16Array(buffer), halfToNumber), dims, "float32");
    case "BF16": {
      // bfloat16 is the upper half of float32.
      const words = Uint32Array.from(new Uint16Array(buffer), (half) => half << 16);
      return tf.tensor(new Float32Array(words.buffer), dims, "float32");
    }
    default:
      return tf.tensor(new Float32Array(buffer), dims, "float32");
  }
}

/** The value of an IEEE 754 half-precision number. */
function halfToNumber(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >> 10) & 0x1f;
  const fraction = half & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

function bad(path: string, what: string, cause?: unknown): MetaError {
  return new MetaError("BAD_CHECKPOINT", `${path} is not a usable safetensors file: ${what}.`, {
    cause,
  });
}
