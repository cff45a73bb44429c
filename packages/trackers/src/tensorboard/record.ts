import { crc32c } from "./crc32c.js";

/**
 * Record of TensorFlow's file format: length (8 bytes, little endian), its checksum, the data, its checksum.
 *
 * Source: tensorflow/core/lib/io/record_writer.h
 */
export function record(data: Uint8Array): Buffer {
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(data.length));
  return Buffer.concat([length, checksum(length), data, checksum(data)]);
}

/**
 * Masked CRC-32C: rotated and shifted, because a CRC of data that contains its own CRC would be degenerate.
 */
function checksum(data: Uint8Array): Buffer {
  const crc = crc32c(data);
  const masked = (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(masked);
  return bytes;
}
