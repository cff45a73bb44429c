import { type FileHandle, open } from "node:fs/promises";
import type * as tf from "@tensorflow/tfjs";
import { MetaError } from "../errors.js";
import type { Params } from "../params.js";
import { bytesPerElement } from "./elementTypes.js";

/** Description of a tensor in a file. */
export interface StoredTensor {
  /** Element type by its name in safetensors: `F32`, `BF16`. */
  readonly dtype: string;
  readonly shape: readonly number[];
}

/** An open file of named tensors, which are read one at a time. */
export interface TensorFile<T extends StoredTensor = StoredTensor> {
  readonly entries: Readonly<Record<string, T>>;
  /** Description of a tensor. @throws MetaError `BAD_CHECKPOINT` for an unknown name or an unreadable type */
  entry(name: string): T;
  /** Reads one tensor; float16 and bfloat16 become float32. The caller owns it. */
  read(name: string): Promise<tf.Tensor>;
  close(): Promise<void>;
}

/** Makes the error for a defect of a file. */
export type Complaint = (what: string, cause?: unknown) => MetaError;

/**
 * Opens a file and passes it to a reader of its format; closes it if the reader throws.
 *
 * @throws MetaError `MISSING_FILE`; what `read` throws
 */
export async function openForReading<T>(
  path: string,
  read: (file: FileHandle) => Promise<T>,
): Promise<T> {
  const file = await open(path, "r").catch((cause) => {
    throw new MetaError("MISSING_FILE", `Cannot read ${path}.`, { cause });
  });
  try {
    return await read(file);
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** Fills `into` with bytes from `position` on. @throws the complaint that the file is truncated */
export async function readFully(
  file: FileHandle,
  into: Uint8Array,
  position: number,
  bad: Complaint,
): Promise<void> {
  let done = 0;
  while (done < into.length) {
    // One call reads at most 2 GiB.
    const length = Math.min(into.length - done, 2 ** 30);
    const { bytesRead } = await file.read(into, done, length, position + done);
    if (bytesRead === 0) throw bad("it ends too early");
    done += bytesRead;
  }
}

/** Finds the entry of a tensor to read. @throws the complaint of an unknown name or an unreadable type */
export function readableEntry<T extends StoredTensor>(
  entries: Readonly<Record<string, T>>,
  name: string,
  bad: Complaint,
): T {
  const entry = Object.hasOwn(entries, name) ? entries[name] : undefined;
  if (!entry) throw bad(`there is no tensor "${name}"`);
  if (bytesPerElement[entry.dtype] !== undefined) return entry;
  const known = Object.keys(bytesPerElement).join(", ");
  throw bad(`tensor "${name}" is ${entry.dtype}; known types are ${known}`);
}

/** Reads tensors of a file and closes it. The caller owns them. */
export async function readAll(
  opening: Promise<TensorFile>,
  wanted: (name: string) => boolean,
): Promise<Params> {
  const file = await opening;
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

/** Narrows a value from a file to a list of sizes or offsets. */
export function isCounts(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((n) => Number.isSafeInteger(n) && n >= 0);
}

/** Number of elements of a shape. */
export function elementsOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}
