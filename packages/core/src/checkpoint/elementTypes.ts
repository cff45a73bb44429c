import * as tf from "@tensorflow/tfjs";

/** Bytes per element of each readable type, by its name in safetensors. */
export const bytesPerElement: Readonly<Record<string, number>> = {
  F32: 4,
  I32: 4,
  F16: 2,
  BF16: 2,
};

/** Decodes a tensor from little-endian bytes of a type in {@link bytesPerElement}. */
export function decodeTensor(
  bytes: Uint8Array<ArrayBuffer>,
  dtype: string,
  shape: readonly number[],
): tf.Tensor {
  const dims = [...shape];
  if (dtype === "I32") return tf.tensor(new Int32Array(bytes.buffer), dims, "int32");
  return tf.tensor(decodeFloats(bytes, dtype as FloatDtype), dims, "float32");
}

/** The floating-point types that can be read, by their names in safetensors. */
export type FloatDtype = (typeof floatTypes)[FloatType];

/**
 * The float32 values of stored elements, little-endian.
 *
 * @param bytes a whole buffer; float32 values are a view of it
 */
export function decodeFloats(bytes: Uint8Array<ArrayBuffer>, dtype: FloatDtype): Float32Array {
  if (dtype === "F32") return new Float32Array(bytes.buffer);
  const halves = new Uint16Array(bytes.buffer);
  const values = new Float32Array(halves.length);
  const table = dtype === "F16" ? float16Values() : bfloat16Values();
  // A loop: `map` or `from` would take many times as long.
  for (let i = 0; i < halves.length; i++) values[i] = table[halves[i] as number] as number;
  return values;
}

/** Storage types of float32 tensors, with their names in safetensors. */
export const floatTypes = { float32: "F32", float16: "F16", bfloat16: "BF16" } as const;

/** Storage type of float32 tensors. */
export type FloatType = keyof typeof floatTypes;

/** Smallest number that rounds to infinity in float16, whose largest number is 65504. */
export const beyondFloat16 = 65_520;

/**
 * Encodes float32 values as bytes of another type, rounded to nearest, ties to even; values beyond the range
 * of float16 become infinity.
 */
export function encodeFloats(values: Float32Array, dtype: FloatType): Uint8Array {
  if (dtype === "float32")
    return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  const words = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const halves = new Uint16Array(values.length);
  const toHalf = dtype === "float16" ? toFloat16 : toBfloat16;
  for (let i = 0; i < words.length; i++) halves[i] = toHalf(words[i] as number);
  return new Uint8Array(halves.buffer);
}

/** The values of all float16 numbers (IEEE 754 binary16), by their 16 bits. */
export const float16Values = once(() =>
  new Float32Array(2 ** 16).map((_, half) => {
    const sign = half & 0x8000 ? -1 : 1;
    const exponent = (half >> 10) & 0x1f;
    const fraction = half & 0x3ff;
    if (exponent === 0) return sign * fraction * 2 ** -24;
    if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
    return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
  }),
);

/** Values of all bfloat16 bit patterns, the upper halves of float32 numbers. */
const bfloat16Values = once(
  () => new Float32Array(new Uint32Array(2 ** 16).map((_, half) => half << 16).buffer),
);

function toBfloat16(word: number): number {
  if ((word & 0x7fffffff) > 0x7f800000) return (word >>> 16) | 0x40; // NaN, and rounding keeps it one
  return (word + 0x7fff + ((word >>> 16) & 1)) >>> 16;
}

function toFloat16(word: number): number {
  const sign = (word >>> 16) & 0x8000;
  const size = word & 0x7fffffff;
  if (size > 0x7f800000) return sign | 0x7e00; // NaN
  if (size >= 0x477ff000) return sign | 0x7c00; // beyondFloat16
  // The exponent's bias falls from 127 to 15, the fraction from 23 bits to 10.
  if (size >= 0x38800000) return sign | ((size - 0x38000000 + 0xfff + ((size >>> 13) & 1)) >>> 13);
  // Below 2^-14 float16 counts in steps of 2^-24: a fraction with its leading 1, shifted.
  const shift = 126 - (size >>> 23);
  if (shift > 24) return sign; // below half a step
  const fraction = (size & 0x7fffff) | 0x800000;
  const steps = fraction >>> shift;
  const rest = fraction & (2 ** shift - 1);
  const half = 2 ** (shift - 1);
  return sign | (steps + (rest > half || (rest === half && steps & 1) ? 1 : 0));
}

function once<T>(compute: () => T): () => T {
  let value: T | undefined;
  return () => {
    value ??= compute();
    return value;
  };
}
