import { type BlockReader, halfReader } from "./legacyBlocks.js";

/** Numbers in a block of the K types. */
const blockNumbers = 256;

/**
 * Q2_K: 16 bytes, each the scale (lower half) and the minimum (upper half) of 16 numbers; 64 bytes of numbers
 * of 2 bits; the scales' scale and the minima's.
 */
const q2K: BlockReader = (bytes, into) => {
  const half = halfReader(bytes);
  for (let at = 0, to = 0; at < bytes.length; at += 84, to += blockNumbers) {
    const scale = half(at + 80);
    const minimum = half(at + 82);
    for (let group = 0; group < 16; group++) {
      const packed = bytes[at + group] as number;
      const groupScale = scale * (packed & 15);
      const groupMinimum = minimum * (packed >>> 4);
      const from = at + 16 + placeOf2Bits(group);
      const shift = shiftOf2Bits(group);
      for (let i = 0; i < 16; i++) {
        const q = ((bytes[from + i] as number) >>> shift) & 3;
        into[to + 16 * group + i] = groupScale * q - groupMinimum;
      }
    }
  }
};

/**
 * Q3_K: 32 bytes of highest bits, which take 4 away where they are 0; 64 bytes of numbers of 2 bits; 16 scales
 * of 6 bits; the scales' scale.
 */
const q3K: BlockReader = (bytes, into) => {
  const half = halfReader(bytes);
  for (let at = 0, to = 0; at < bytes.length; at += 110, to += blockNumbers) {
    const scale = half(at + 108);
    for (let group = 0; group < 16; group++) {
      const low = (bytes[at + 96 + (group & 7)] as number) >>> (group < 8 ? 0 : 4);
      const high = (bytes[at + 104 + (group & 3)] as number) >>> (2 * (group >>> 2));
      const groupScale = scale * (((low & 15) | ((high & 3) << 4)) - 32);
      const from = at + 32 + placeOf2Bits(group);
      const shift = shiftOf2Bits(group);
      const mask = at + 16 * (group & 1);
      for (let i = 0; i < 16; i++) {
        const q = ((bytes[from + i] as number) >>> shift) & 3;
        const highest = ((bytes[mask + i] as number) >>> (group >>> 1)) & 1;
        into[to + 16 * group + i] = groupScale * (q - 4 * (1 - highest));
      }
    }
  }
};

/** Offset of a group's 16 numbers of 2 bits: two groups are adjacent, and four pairs share the same bytes. */
function placeOf2Bits(group: number): number {
  return 32 * (group >>> 3) + 16 * (group & 1);
}

function shiftOf2Bits(group: number): number {
  return 2 * ((group >>> 1) & 3);
}

/**
 * Q4_K and Q5_K: the scales' scale and the minima's; 8 scales and 8 minima of 6 bits; in Q5_K 32 bytes of fifth
 * bits, where bit g belongs to group g; 128 bytes of the lower 4 bits, 32 for two groups at a time.
 */
function q4KOr5K(bits: 4 | 5): BlockReader {
  const highBits = 16;
  const nibbles = bits === 5 ? 48 : 16;
  const blockBytes = nibbles + 128;
  return (bytes, into) => {
    const half = halfReader(bytes);
    for (let at = 0, to = 0; at < bytes.length; at += blockBytes, to += blockNumbers) {
      const scale = half(at);
      const minimum = half(at + 2);
      for (let group = 0; group < 8; group++) {
        const groupScale = scale * packedScale(bytes, at + 4, group);
        const groupMinimum = minimum * packedMinimum(bytes, at + 4, group);
        const from = at + nibbles + 32 * (group >>> 1);
        const shift = 4 * (group & 1);
        for (let i = 0; i < 32; i++) {
          const low = ((bytes[from + i] as number) >>> shift) & 15;
          const high = bits === 5 ? ((bytes[at + highBits + i] as number) >>> group) & 1 : 0;
          into[to + 32 * group + i] = groupScale * (low | (high << 4)) - groupMinimum;
        }
      }
    }
  };
}

/**
 * The scale of a group, from 12 bytes that pack 8 scales and 8 minima of 6 bits. The first four are the lower 6 bits
 * of bytes 0 to 3 (scales) and 4 to 7 (minima). The other four have their upper 2 bits in the rest of these bytes,
 * and their lower 4 bits in bytes 8 to 11: scales in the lower halves, minima in the upper halves.
 */
function packedScale(bytes: Uint8Array, at: number, group: number): number {
  if (group < 4) return (bytes[at + group] as number) & 63;
  return ((bytes[at + group + 4] as number) & 15) | (upperBits(bytes, at + group - 4) << 4);
}

/** The minimum of a group: see {@link packedScale}. */
function packedMinimum(bytes: Uint8Array, at: number, group: number): number {
  if (group < 4) return (bytes[at + group + 4] as number) & 63;
  return ((bytes[at + group + 4] as number) >>> 4) | (upperBits(bytes, at + group) << 4);
}

function upperBits(bytes: Uint8Array, at: number): number {
  return (bytes[at] as number) >>> 6;
}

/**
 * Q6_K: 128 bytes of the lower 4 bits, 64 for four groups of 32 at a time; 64 bytes of the upper 2, 32 for four
 * groups; 16 signed scales; the scales' scale.
 */
const q6K: BlockReader = (bytes, into) => {
  const half = halfReader(bytes);
  for (let at = 0, to = 0; at < bytes.length; at += 210, to += blockNumbers) {
    const scale = half(at + 208);
    for (let group = 0; group < 16; group++) {
      const signed = ((bytes[at + 192 + group] as number) << 24) >> 24;
      const groupScale = scale * signed;
      const quarter = (group >>> 1) & 3;
      const half16 = 16 * (group & 1);
      const low = at + 64 * (group >>> 3) + 32 * (quarter & 1) + half16;
      const lowShift = 4 * (quarter >>> 1);
      const high = at + 128 + 32 * (group >>> 3) + half16;
      for (let i = 0; i < 16; i++) {
        const lower = ((bytes[low + i] as number) >>> lowShift) & 15;
        const upper = ((bytes[high + i] as number) >>> (2 * quarter)) & 3;
        into[to + 16 * group + i] = groupScale * ((lower | (upper << 4)) - 32);
      }
    }
  }
};

/** The types with blocks of 256 numbers that take their scales from a second level, by their names in ggml. */
export const kBlocks: Readonly<Record<string, BlockReader>> = {
  Q2_K: q2K,
  Q3_K: q3K,
  Q4_K: q4KOr5K(4),
  Q5_K: q4KOr5K(5),
  Q6_K: q6K,
};
