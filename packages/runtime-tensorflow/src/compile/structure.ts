import { MetaError } from "@metalearn/core";
import * as tf from "@tensorflow/tfjs";

/** Key of one compilation of a function: structure, shapes and types of its arguments. */
export interface Signature {
  /** Shapes, types and places of the tensors, and all other values. */
  readonly key: string;
  /** Distinct tensors, in order of first occurrence. */
  readonly tensors: readonly tf.Tensor[];
}

/**
 * The signature of a call. Two calls share it when their arguments have the same structure, with
 * tensors of the same shapes and types, the same tensors repeated, and the same other values.
 *
 * @param args plain records and arrays of tensors, texts, numbers, booleans, null and undefined
 * @throws MetaError `BAD_OPTION` for anything else
 */
export function signatureOf(name: string, args: readonly unknown[]): Signature {
  const places = new Map<tf.Tensor, number>();
  const describe = (value: unknown, path: string): string => {
    if (value instanceof tf.Tensor) {
      const place = places.get(value);
      if (place !== undefined) return `&${place}`;
      places.set(value, places.size);
      return `${value.dtype}[${value.shape}]`;
    }
    if (Array.isArray(value)) return `[${value.map((v, i) => describe(v, `${path}[${i}]`))}]`;
    if (isRecord(value)) {
      const entries = Object.entries(value);
      return `{${entries.map(([k, v]) => `${JSON.stringify(k)}:${describe(v, `${path}.${k}`)}`)}}`;
    }
    if (typeof value === "string") return JSON.stringify(value);
    if (Object.is(value, -0)) return "-0";
    if (isPlain(value)) return String(value);
    throw new MetaError(
      "BAD_OPTION",
      `${name}: a compiled function takes tensors, texts, numbers, booleans, and plain records and arrays of them, ` +
        `but argument ${path} is ${nameOf(value)}. Use it inside the function instead of passing it.`,
    );
  };
  const key = args.map((arg, i) => describe(arg, `${i + 1}`)).join();
  return { key, tensors: [...places.keys()] };
}

/** Copies a structure with its tensors replaced. */
export function replaceTensors<T>(value: T, replace: (tensor: tf.Tensor) => tf.Tensor): T {
  return rebuilder(value, (tensor) => () => replace(tensor))() as T;
}

/**
 * Makes a function that builds structures like `value`, with tensors replaced according to `plan`.
 *
 * @throws MetaError `BAD_OPTION` for anything but tensors, plain values, records and arrays
 */
export function rebuilder<Context extends unknown[]>(
  value: unknown,
  plan: (tensor: tf.Tensor) => (...context: Context) => tf.Tensor,
): (...context: Context) => unknown {
  if (value instanceof tf.Tensor) return plan(value);
  if (Array.isArray(value)) {
    const parts = value.map((part) => rebuilder(part, plan));
    return (...context) => parts.map((part) => part(...context));
  }
  if (isRecord(value)) {
    const parts = Object.entries(value).map(
      ([name, part]) => [name, rebuilder(part, plan)] as const,
    );
    return (...context) =>
      Object.fromEntries(parts.map(([name, part]) => [name, part(...context)]));
  }
  if (!isPlain(value)) {
    throw new MetaError(
      "BAD_OPTION",
      `A compiled function returns tensors in plain records and arrays, but returned ${nameOf(value)}.`,
    );
  }
  return () => value;
}

function isPlain(value: unknown): boolean {
  return value === null || (typeof value !== "function" && typeof value !== "object");
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function nameOf(value: unknown): string {
  return typeof value === "function" ? "a function" : `a ${value?.constructor.name ?? "value"}`;
}
