import type { Complaint } from "@metalearn/core/files";
import type { HeaderCursor } from "./headerCursor.js";

/** Values of one type in a row; booleans are the bytes 0 and 1. */
export type GgufArray =
  | readonly string[]
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | Float32Array
  | Float64Array
  | BigUint64Array
  | BigInt64Array;

/** A value of a GGUF file's metadata; a whole number beyond 2^53 stays a bigint. */
export type GgufValue = string | number | bigint | boolean | GgufArray;

type NumericArray = Exclude<GgufArray, readonly string[]>;

interface NumberType {
  readonly width: number;
  /** Makes an array of values from their bytes, which nothing else uses. */
  readonly from: (bytes: ArrayBuffer) => NumericArray;
}

/** Numeric types by their type ids in a file. */
const numberTypes: ReadonlyMap<number, NumberType> = new Map([
  [0, { width: 1, from: (bytes) => new Uint8Array(bytes) }],
  [1, { width: 1, from: (bytes) => new Int8Array(bytes) }],
  [2, { width: 2, from: (bytes) => new Uint16Array(bytes) }],
  [3, { width: 2, from: (bytes) => new Int16Array(bytes) }],
  [4, { width: 4, from: (bytes) => new Uint32Array(bytes) }],
  [5, { width: 4, from: (bytes) => new Int32Array(bytes) }],
  [6, { width: 4, from: (bytes) => new Float32Array(bytes) }],
  [7, { width: 1, from: (bytes) => new Uint8Array(bytes).map((byte) => (byte === 0 ? 0 : 1)) }],
  [10, { width: 8, from: (bytes) => new BigUint64Array(bytes) }],
  [11, { width: 8, from: (bytes) => new BigInt64Array(bytes) }],
  [12, { width: 8, from: (bytes) => new Float64Array(bytes) }],
]);

const booleanType = 7;
const textType = 8;
const arrayType = 9;

/** Reads a type and a value of it. @throws MetaError `BAD_CHECKPOINT` for an unknown type */
export function readValue(cursor: HeaderCursor, key: string, bad: Complaint): GgufValue {
  const type = cursor.uint32();
  if (type === textType) return cursor.text();
  if (type === arrayType) return readArray(cursor, key, bad);
  const [value] = readNumbers(cursor, numberType(type, key, bad), 1);
  if (type === booleanType) return value === 1;
  return typeof value === "bigint" && Number.isSafeInteger(Number(value))
    ? Number(value)
    : (value as number);
}

function readArray(cursor: HeaderCursor, key: string, bad: Complaint): GgufArray {
  const type = cursor.uint32();
  const count = cursor.uint64();
  // llama.cpp does not read them either, and a file of a few bytes could nest them to any depth.
  if (type === arrayType) throw bad(`its metadata "${key}" is an array of arrays`);
  if (type === textType) {
    cursor.requireRoom(count, 8, `texts of "${key}"`);
    const texts: string[] = [];
    for (let i = 0; i < count; i++) texts.push(cursor.text());
    return texts;
  }
  const numbers = numberType(type, key, bad);
  cursor.requireRoom(count, numbers.width, `numbers of "${key}"`);
  return readNumbers(cursor, numbers, count);
}

function readNumbers(
  cursor: HeaderCursor,
  { width, from }: NumberType,
  count: number,
): NumericArray {
  return from(cursor.bytes(count * width).slice().buffer);
}

function numberType(type: number, key: string, bad: Complaint): NumberType {
  const found = numberTypes.get(type);
  if (!found) throw bad(`its metadata "${key}" is of a type that GGUF does not have: ${type}`);
  return found;
}
