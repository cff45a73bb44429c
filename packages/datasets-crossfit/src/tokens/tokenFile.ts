import { crc32 } from "node:zlib";
import { MetaError } from "@metalearn/core";
import type { TokenTable } from "./tokenTable.js";

/** Identifies this version of the format and the machine's byte order. */
const magic = 0x314b_544d; // "MTK1"

/** Number of words in the header: magic, CRC-32 of everything after it, offsets, tokens, bytes per token. */
const headerWords = 5;

/**
 * Encodes a token table as a file: the header, the offsets (4 bytes each) and the tokens (2 or 4), in the
 * machine's byte order, so that the arrays can be used as they are read.
 */
export function encodeTokenFile({ offsets, tokens }: TokenTable): readonly Uint8Array[] {
  const header = new Uint32Array(headerWords);
  header.set([magic, 0, offsets.length, tokens.length, tokens.BYTES_PER_ELEMENT]);
  const parts = [header, offsets, tokens].map(bytesOf) as [Uint8Array, Uint8Array, Uint8Array];
  header[1] = checksum(parts[0], parts[1], parts[2]);
  return parts;
}

/**
 * Reads the format of {@link encodeTokenFile}. The table's arrays are views of `bytes`.
 *
 * @throws MetaError `BAD_DATA` when the file is of another version, truncated or damaged
 */
export function decodeTokenFile(bytes: Uint8Array): TokenTable {
  // Not `slice`, which does not copy a Buffer.
  const { buffer, byteOffset } = bytes.byteOffset % 4 === 0 ? bytes : new Uint8Array(bytes);
  const headerBytes = 4 * headerWords;
  if (bytes.length < headerBytes) throw damaged(`it has ${bytes.length} bytes`);
  const header = new Uint32Array(buffer, byteOffset, headerWords);
  const [found, sum, offsetCount = 0, tokenCount = 0, tokenBytes = 0] = header;
  if (found !== magic || (tokenBytes !== 2 && tokenBytes !== 4)) {
    throw damaged("its header is not that of a token table");
  }
  const length = headerBytes + 4 * offsetCount + tokenBytes * tokenCount;
  if (bytes.length !== length) {
    throw damaged(`expected ${length} bytes, got ${bytes.length}`);
  }
  const tokensFrom = byteOffset + headerBytes + 4 * offsetCount;
  const offsets = new Uint32Array(buffer, byteOffset + headerBytes, offsetCount);
  const tokens =
    tokenBytes === 2
      ? new Uint16Array(buffer, tokensFrom, tokenCount)
      : new Uint32Array(buffer, tokensFrom, tokenCount);
  if (checksum(bytesOf(header), bytesOf(offsets), bytesOf(tokens)) !== sum) {
    throw damaged("its checksum does not fit");
  }
  return { offsets, tokens };
}

function checksum(header: Uint8Array, offsets: Uint8Array, tokens: Uint8Array): number {
  return crc32(tokens, crc32(offsets, crc32(header.subarray(8))));
}

function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

function damaged(problem: string): MetaError {
  return new MetaError("BAD_DATA", `The file is not a complete token table: ${problem}.`);
}
