import { type Complaint, elementsOf, type StoredTensor } from "@metalearn/core/files";
import { type GgmlType, ggmlTypes } from "./ggmlTypes.js";
import { type GgufValue, readValue } from "./ggufValues.js";
import { type HeaderCursor, headerCursor } from "./headerCursor.js";

/** A tensor's place in a GGUF file. */
export interface GgufTensor extends StoredTensor {
  /** ggml's name of the type, such as `Q4_K`; the number of an unknown type. */
  readonly dtype: string;
  /** Slowest dimension first, as in PyTorch; the file stores it in reverse. */
  readonly shape: readonly number[];
  /** Its first byte, counted from the file's beginning. */
  readonly position: number;
  /** Its length in bytes; `undefined` for an unknown type. */
  readonly bytes: number | undefined;
}

/** The description of a model and of its tensors, without their values. */
export interface GgufHeader {
  readonly metadata: ReadonlyMap<string, GgufValue>;
  readonly tensors: ReadonlyMap<string, GgufTensor>;
}

const magic = "GGUF";
const alignmentKey = "general.alignment";

// More than any model has, and few enough to fit in memory if a file is hostile.
const mostKeys = 65_536;
const mostTensors = 65_536;
const mostDimensions = 4; // of ggml
const longestKey = 65_535; // in bytes, of the format
const longestName = 1_024; // in bytes; ggml's own limit is 63

/**
 * Reads the header of a GGUF file of version 2 or 3, little-endian, from the file's first bytes. The result takes at
 * most a few times the memory of those bytes, whatever counts the header declares.
 *
 * @param size bytes of the whole file
 * @throws MetaError `BAD_CHECKPOINT`; `moreBytes` when the header continues after `bytes`
 * Source: docs/gguf.md of ggml.
 */
export function parseGgufHeader(
  bytes: Uint8Array<ArrayBuffer>,
  size: number,
  bad: Complaint,
): GgufHeader {
  const cursor = headerCursor(bytes, size, bad);
  if (Buffer.from(cursor.bytes(4)).toString("latin1") !== magic) {
    throw bad(`it does not begin with ${magic}`);
  }
  requireVersion(cursor.uint32(), bad);
  const tensorCount = cursor.uint64();
  const keyCount = cursor.uint64();
  requireAtMost(keyCount, mostKeys, "metadata keys", bad);
  requireAtMost(tensorCount, mostTensors, "tensors", bad);
  // An empty key and one byte; an empty name and no dimensions.
  cursor.requireRoom(keyCount, 8 + 4 + 1, "metadata keys");
  cursor.requireRoom(tensorCount, 8 + 4 + 4 + 8, "tensors");

  const metadata = new Map<string, GgufValue>();
  for (let i = 0; i < keyCount; i++) {
    const key = cursor.text(longestKey);
    if (metadata.has(key)) throw bad(`its metadata has "${key}" twice`);
    metadata.set(key, readValue(cursor, key, bad));
  }
  const described: [string, Described][] = [];
  for (let i = 0; i < tensorCount; i++) described.push(readDescription(cursor, bad));

  const alignment = alignmentOf(metadata, bad);
  const start = alignUp(cursor.position(), alignment);
  const tensors = new Map<string, GgufTensor>();
  for (const [name, { type, offset, dtype, shape }] of described) {
    if (tensors.has(name)) throw bad(`tensor "${name}" is there twice`);
    if (offset % alignment !== 0) {
      throw bad(`tensor "${name}" begins at ${offset}, which is no multiple of ${alignment}`);
    }
    const tensor = {
      dtype,
      shape,
      position: start + offset,
      bytes: type && bytesOf(name, shape, type, bad),
    };
    if (tensor.position + (tensor.bytes ?? 0) > size) {
      throw bad(
        `tensor "${name}" goes beyond its ${size} bytes. It was probably cut short: download it again`,
      );
    }
    tensors.set(name, tensor);
  }
  requireApart(tensors, bad);
  return { metadata, tensors };
}

interface Described {
  readonly type: GgmlType | undefined;
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly offset: number;
}

function requireVersion(version: number, bad: Complaint): void {
  if (version === 2 || version === 3) return;
  if (version % 2 ** 16 === 0 && version !== 0) {
    throw bad("it is big-endian; convert it to little-endian with gguf-convert-endian");
  }
  throw bad(
    `it is of version ${version}; known are 2 and 3. Convert the model again with llama.cpp`,
  );
}

function readDescription(cursor: HeaderCursor, bad: Complaint): [string, Described] {
  const name = cursor.text(longestName);
  const dimensions = cursor.uint32();
  requireAtMost(dimensions, mostDimensions, `dimensions of tensor "${name}"`, bad);
  const shape = Array.from({ length: dimensions }, () => cursor.uint64()).reverse();
  const id = cursor.uint32();
  const type = ggmlTypes.get(id);
  const offset = cursor.uint64();
  return [name, { type, dtype: type?.name ?? `type ${id} of ggml`, shape, offset }];
}

function bytesOf(
  name: string,
  shape: readonly number[],
  { name: dtype, elements, bytes }: GgmlType,
  bad: Complaint,
): number {
  const row = shape.at(-1) ?? 1;
  if (row % elements !== 0) {
    throw bad(`tensor "${name}" is ${dtype}, but its rows of ${row} are no blocks of ${elements}`);
  }
  return (elementsOf(shape) / elements) * bytes;
}

function alignmentOf(metadata: ReadonlyMap<string, GgufValue>, bad: Complaint): number {
  const alignment = metadata.get(alignmentKey) ?? 32;
  const isPower =
    typeof alignment === "number" && alignment > 0 && Number.isInteger(Math.log2(alignment));
  if (!isPower)
    throw bad(`its ${alignmentKey} is ${String(alignment).slice(0, 20)}, not a power of two`);
  return alignment;
}

function alignUp(position: number, alignment: number): number {
  return Math.ceil(position / alignment) * alignment;
}

/** Checks that tensors do not overlap; gaps are allowed. */
function requireApart(tensors: ReadonlyMap<string, GgufTensor>, bad: Complaint): void {
  let end = 0;
  let last = "";
  const inOrder = [...tensors].sort(([, a], [, b]) => a.position - b.position);
  for (const [name, { position, bytes = 0 }] of inOrder) {
    if (bytes === 0) continue;
    if (position < end) throw bad(`tensors "${last}" and "${name}" overlap`);
    end = position + bytes;
    last = name;
  }
}

function requireAtMost(count: number, most: number, of: string, bad: Complaint): void {
  if (count > most) throw bad(`it has ${count} ${of}; the most that can be read are ${most}`);
}
