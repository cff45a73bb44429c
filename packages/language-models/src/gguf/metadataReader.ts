import type { Complaint } from "@metalearn/core/files";
import type { GgufArray, GgufValue } from "./ggufValues.js";

/** Reads values of a file's metadata by type; a key without `otherwise` is required. */
export interface MetadataReader {
  has(key: string): boolean;
  text(key: string): string;
  text<T>(key: string, otherwise: T): string | T;
  flag<T>(key: string, otherwise: T): boolean | T;
  /** A finite number; a float32 becomes the shortest decimal that rounds to it: 1e-5, not 9.99999975e-6. */
  number(key: string): number;
  number<T>(key: string, otherwise: T): number | T;
  /** An integer of at least 1; for a list with one number per block, the number that all share. */
  count(key: string): number;
  count<T>(key: string, otherwise: T): number | T;
  texts(key: string): readonly string[];
  texts<T>(key: string, otherwise: T): readonly string[] | T;
  numbers(key: string): readonly number[];
  numbers<T>(key: string, otherwise: T): readonly number[] | T;
}

/** A reader of metadata. Its functions throw MetaError `BAD_CHECKPOINT` for a missing value, or one of another type. */
export function metadataReader(
  values: ReadonlyMap<string, GgufValue>,
  bad: Complaint,
): MetadataReader {
  const as =
    <V>(kind: string, read: (value: GgufValue) => V | undefined) =>
    <T>(key: string, ...otherwise: T[]): V | T => {
      const value = values.get(key);
      if (value === undefined) {
        if (otherwise.length > 0) return otherwise[0] as T;
        throw bad(`its metadata lacks "${key}", ${kind}`);
      }
      const result = read(value);
      if (result === undefined) throw bad(`its metadata "${key}" is ${shown(value)}, not ${kind}`);
      return result;
    };
  return {
    has: (key) => values.has(key),
    text: as("a text", (value) => (typeof value === "string" ? value : undefined)),
    flag: as("true or false", (value) => (typeof value === "boolean" ? value : undefined)),
    number: as("a number", (value) =>
      typeof value === "number" && Number.isFinite(value) ? shortest(value) : undefined,
    ),
    count: as("a number from 1 on, the same for all blocks", toCount),
    texts: as("a list of texts", (value) => (isTexts(value) ? value : undefined)),
    numbers: as("a list of numbers", toNumbers),
  };
}

function toCount(value: GgufValue): number | undefined {
  const all = toNumbers(value) ?? [value];
  const [first] = all;
  if (typeof first !== "number" || !Number.isSafeInteger(first) || first < 1) return undefined;
  return all.every((other) => other === first) ? first : undefined;
}

function toNumbers(value: GgufValue): readonly number[] | undefined {
  if (!ArrayBuffer.isView(value)) return undefined;
  return Array.from(value as ArrayLike<number | bigint>, Number);
}

function isTexts(value: GgufValue): value is readonly string[] {
  return Array.isArray(value);
}

function shortest(value: number): number {
  for (let digits = 1; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return short;
  }
  return value;
}

function shown(value: GgufValue): string {
  if (isArray(value)) return `a list of ${value.length}`;
  return typeof value === "string" ? JSON.stringify(value.slice(0, 40)) : String(value);
}

function isArray(value: GgufValue): value is GgufArray {
  return Array.isArray(value) || ArrayBuffer.isView(value);
}
