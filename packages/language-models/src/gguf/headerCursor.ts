import type { Complaint } from "@metalearn/core/files";

/** A walk through the first bytes of a file, little-endian. */
export interface HeaderCursor {
  /** Bytes walked over so far. */
  position(): number;
  uint32(): number;
  /** A count, a length or a place. @throws the complaint that it is beyond 2^53, more than any file has */
  uint64(): number;
  /** As many bytes as the count says, which stay part of the whole. */
  bytes(count: number): Uint8Array<ArrayBuffer>;
  /** A length and as many bytes of UTF-8. @throws the complaint that they are none */
  text(): string;
  /** @throws the complaint that so many things of at least so many bytes cannot follow */
  requireRoom(count: number, least: number, of: string): void;
}

/** What a {@link HeaderCursor} throws that has come to the end of the bytes, but not of the file. */
export const moreBytes = Symbol("more bytes of the file are needed");

// Tokens may be, or begin with, the byte order mark U+FEFF.
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Walks through `bytes`, the first of a file of `size` bytes.
 *
 * @throws the complaint that the file ends too early; {@link moreBytes}
 */
export function headerCursor(
  bytes: Uint8Array<ArrayBuffer>,
  size: number,
  bad: Complaint,
): HeaderCursor {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  /** Walks on, and gives the place where it was. */
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
        throw bad(`the count or place at byte ${place} is beyond every file's end`);
      }
      return value;
    },
    bytes(count) {
      const place = step(count);
      return bytes.subarray(place, place + count);
    },
    text() {
      const length = cursor.uint64();
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
