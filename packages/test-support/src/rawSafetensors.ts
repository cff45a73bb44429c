/** A tensor as the header of a safetensors file describes it. */
export interface RawEntry {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data_offsets: readonly [number, number];
}

/**
 * Bytes of a safetensors file, following the format's published description: the length of the header in 8
 * bytes, little-endian; the header; the tensors.
 *
 * @param header an object, or the text itself
 * @param length length of the header to write, to test a wrong one
 */
export function rawSafetensors(
  header: Readonly<Record<string, unknown>> | string,
  data: Uint8Array,
  length?: bigint,
): Buffer {
  const text = Buffer.from(typeof header === "string" ? header : JSON.stringify(header));
  const prefix = Buffer.alloc(8);
  prefix.writeBigUInt64LE(length ?? BigInt(text.length));
  return Buffer.concat([prefix, text, data]);
}

/** Splits a safetensors file into its parts. */
export function splitSafetensors(file: Buffer): { header: Record<string, RawEntry>; data: Buffer } {
  const end = 8 + Number(file.readBigUInt64LE());
  return { header: JSON.parse(file.subarray(8, end).toString()), data: file.subarray(end) };
}
