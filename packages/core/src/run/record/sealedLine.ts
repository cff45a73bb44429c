import { crc32 } from "node:zlib";

const pattern = /^(?<text>\{.*),"checksum":"(?<sum>[\da-f]{8})"\}$/;

/** A record as a line of JSON whose last key, `checksum`, is the CRC-32 of the text before it. */
export function sealLine(record: object): string {
  const text = JSON.stringify(record).slice(0, -1);
  return `${text},"checksum":"${checksum(text)}"}`;
}

/**
 * Reads a line that {@link sealLine} wrote.
 *
 * @param isProved true if a line without a checksum counts as damaged
 * @returns the record without its checksum; nothing for a line that is damaged
 */
export function openLine(line: string, isProved: boolean): unknown {
  const { text, sum } = pattern.exec(line)?.groups ?? {};
  if (text === undefined ? isProved : checksum(text) !== sum) return undefined;
  try {
    return JSON.parse(text === undefined ? line : `${text}}`);
  } catch {
    return undefined;
  }
}

function checksum(text: string): string {
  return crc32(text).toString(16).padStart(8, "0");
}
