import { float16Values } from "@metalearn/core/files";

/** Fills `into` with the values of all blocks in `bytes`. */
export type BlockReader = (bytes: Uint8Array, into: Float32Array) => void;

// A product of a float16 scale and such a small integer is exact in float32, and the sum of two products is exact in
// float64. So the single rounding, on writing to the array, gives the same bits as float32 arithmetic.

/** Returns a function that reads the float16 number at an offset. */
export function halfReader(bytes: Uint8Array): (at: number) => number {
  const values = float16Values();
  return (at) => values[(bytes[at] as number) | ((bytes[at + 1] as number) << 8)] as number;
}

/**
 * Blocks of 32 numbers of 4 or 5 bits: a scale, optionally a minimum, optionally the fifth bits, and 16 bytes; byte i
 * has number i in its lower half and number i + 16 in its upper half.
 *
 * @param bits bits per number
 * @param hasMinimum true for `scale * q + minimum`, false for `scale * (q - 2^(bits - 1))`
 */
function nibbleBlocks(bits: 4 | 5, hasMinimum: boolean): BlockReader {
  const highBits = hasMinimum ? 4 : 2;
  const nibbles = highBits + (bits === 5 ? 4 : 0);
  const blockBytes = nibbles + 16;
  const shift = hasMinimum ? 0 : 2 ** (bits - 1);
  return (bytes, into) => {
    const half = halfReader(bytes);
    for (let at = 0, to = 0; at < bytes.length; at += blockBytes, to += 32) {
      const scale = half(at);
      const high = bits === 5 ? wordAt(bytes, at + highBits) : 0;
      // Adding 0 would make +0 of -0.
      const minimum = hasMinimum ? half(at + 2) : -0;
      for (let i = 0; i < 16; i++) {
        const byte = bytes[at + nibbles + i] as number;
        const low = (byte & 15) | (((high >>> i) & 1) << 4);
        const upper = (byte >>> 4) | (((high >>> (i + 16)) & 1) << 4);
        into[to + i] = scale * (low - shift) + minimum;
        into[to + i + 16] = scale * (upper - shift) + minimum;
      }
    }
  };
}

function wordAt(bytes: Uint8Array, at: number): number {
  return (
    (bytes[at] as number) |
    ((bytes[at + 1] as number) << 8) |
    ((bytes[at + 2] as number) << 16) |
    ((bytes[at + 3] as number) << 24)
  );
}

/** Blocks of 32 signed bytes after their scale. */
const byteBlocks: BlockReader = (bytes, into) => {
  const half = halfReader(bytes);
  const signed = new Int8Array(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = 0, to = 0; at < bytes.length; at += 34, to += 32) {
    const scale = half(at);
    for (let i = 0; i < 32; i++) into[to + i] = scale * (signed[at + 2 + i] as number);
  }
};

/** The types with blocks of 32 numbers, by their names in ggml. */
export const legacyBlocks: Readonly<Record<string, BlockReader>> = {
  Q4_0: nibbleBlocks(4, false),
  Q4_1: nibbleBlocks(4, true),
  Q5_0: nibbleBlocks(5, false),
  Q5_1: nibbleBlocks(5, true),
  Q8_0: byteBlocks,
};
