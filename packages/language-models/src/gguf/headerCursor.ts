import type { Complaint } from "@metalearn/core/files";

/** Reads the header of a file from its first bytes, in order, little-endian. */
export interface HeaderCursor {
  /** Bytes read so far. */
  position(): number;
  uint32(): number;
  /** Reads a count, a length or an offset. @throws MetaError `BAD_CHECKPOINT` for 2^53 or more, beyond any file */
  uint64(): number;
  /** A view of the next `count` bytes. */
  bytes(count: number): Uint8Array<ArrayBuffer>;
  /**
   * A string: its length, and as many bytes of UTF-8.
   *
   * @param most maximum length in bytes. @default no limit
   * @throws MetaError `BAD_CHECKPOINT` if it is longer, or not UTF-8
   */
  text(most?: number): string;
  /**
   * Checks that the rest of the file can hold the items that the header declares, before they are read.
   *
   * @param least minimum size of an item in bytes
   * @throws MetaError `BAD_CHECKPOINT` if `count` items do not fit
   */
  requireRoom(count: number, least: number, of: string): void;
}

/** Thrown at the end of the given bytes when the file is longer. */
export const moreBytes = Symbol("more bytes of the file are needed");

// Tokens may be, or begin with, the byte order mark U+FEFF.
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * A cursor at the beginning of a file of `size` bytes that begins with `bytes`.
 *
 * @throws from its functions: MetaError `BAD_CHECKPOINT` if the file ends too early; {@link moreBytes}
 */
export function headerCursor(
  bytes: Uint8Array<ArrayBuffer>,
  size: number,
  bad: Complaint,
): HeaderCursor {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  /** Advances by `count` bytes. Returns the position before. */
  const step = (count: number): number => {
    if (count > size - at) throw bad("it ends too early");
    if (count > bytes.length - at) throw moreBytes;
    at += count;
    return at - count;
  };
  const cursor: HeaderCursor = {
    position: () => at,
    uint32: () => view.getUint32(step(4), true),
    uint64() {
      const place = step(8);
      const value = view.getUint32(place + 4, true) * 2 ** 32 + view.getUint32(place, true);
      if (value > Number.MAX_SAFE_INTEGER) {
        throw bad(`the number at byte ${place}, ${value}, is beyond the end of any file`);
      }
      return value;
    },
    bytes(count) {
      const place = step(count);
      return bytes.subarray(place, place + count);
    },
    text(most = Number.POSITIVE_INFINITY) {
      const length = cursor.uint64();
      if (length > most) {
        throw bad(`the name at byte ${at} is ${length} bytes long; at most ${most} can be read`);
      }
      const place = step(length);
      try {
        return utf8.decode(bytes.subarray(place, place + length));
      } catch (cause) {
        throw bad(`the text at byte ${place} is not UTF-8`, cause);
      }
    },
    requireRoom(count, least, of) {
      if (count * least > size - at) {
        throw bad(`it cannot hold the ${count} ${of} that its header promises`);
      }
    },
  };
  return cursor;
}
