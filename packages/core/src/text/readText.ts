import { readFile } from "node:fs/promises";
import { type ErrorCode, MetaError, messageOf } from "../errors.js";

/**
 * Reads a text file in UTF-8. A byte order mark, with which Windows tools begin a file, is left out.
 *
 * @param code of the error for a file that is not text
 * @throws MetaError `MISSING_FILE` when it cannot be read; `code` when it is not UTF-8
 */
export async function readText(path: string, code: ErrorCode = "BAD_DATA"): Promise<string> {
  const bytes = await readFile(path).catch((cause) => {
    throw unreadable(path, cause);
  });
  return decodeText(bytes, path, code);
}

/** Reads a text file as {@link readText} does; `undefined` if there is none. */
export async function readTextIfThere(
  path: string,
  code: ErrorCode = "BAD_DATA",
): Promise<string | undefined> {
  const bytes = await readFile(path).catch((cause: NodeJS.ErrnoException) => {
    // ENOTDIR: a part of the path is a file.
    if (cause.code === "ENOENT" || cause.code === "ENOTDIR") return undefined;
    throw unreadable(path, cause);
  });
  return bytes && decodeText(bytes, path, code);
}

/** Decodes UTF-8, without a byte order mark. @throws MetaError `code` */
export function decodeText(bytes: Uint8Array, path: string, code: ErrorCode = "BAD_DATA"): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new MetaError(code, `${path} is not UTF-8 text. Save it as UTF-8.`, { cause });
  }
}

/** Text without a byte order mark at its beginning. */
export function withoutByteOrderMark(text: string): string {
  return text.startsWith("\uFEFF") ? text.slice(1) : text;
}

/**
 * Parses JSON. A byte order mark at the beginning is left out.
 *
 * @param where file, and line, for the message
 * @param code of the error
 * @throws MetaError `code`
 */
export function parseJson(text: string, where: string, code: ErrorCode = "BAD_DATA"): unknown {
  try {
    return JSON.parse(withoutByteOrderMark(text));
  } catch (cause) {
    throw new MetaError(code, `${where}: not JSON: ${messageOf(cause)}.`, { cause });
  }
}

function unreadable(path: string, cause: unknown): MetaError {
  return new MetaError("MISSING_FILE", `${path} cannot be read: ${messageOf(cause)}.`, { cause });
}
