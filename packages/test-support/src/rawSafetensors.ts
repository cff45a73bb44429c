/** A tensor as the header of a safetensors file describes it. */
export interface RawEntry {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data_offsets: readonly [number, number];
}

/**
 * The bytes of a safetensors file, following the format's published description: the length of the
 * header in 8 bytes, little-endian; the header; the tensors.
 *
 * @param header an object, or the text itself
 * @param length what the file says about the header's length, where that is not the truth
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

/** The parts of a safetensors file. */
export function splitSafetensors(file: Buffer): { header: Record<string, RawEntry>; data: Buffer } {
  const end = 8 + Number(file.readBigUInt64LE());
  return { header: JSON.parse(file.subarray(8, end).toString()), data: file.subarray(end) };
}
