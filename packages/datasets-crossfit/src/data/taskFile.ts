import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { MetaError, messageOf } from "@metalearn/core";
import { type Example, parseExample, RowProblem } from "./example.js";
import type { TaskType } from "./settings.js";

/** Content of a data file. */
export interface DataFile {
  readonly path: string;
  readonly bytes: Uint8Array;
  /** SHA-256 of the whole file, in hexadecimal. */
  readonly sha256: string;
}

/** A data file whose rows were read and checked. */
export interface TaskFile extends Omit<DataFile, "bytes"> {
  /** Rows, one per line, in order: row `i` is on line `i + 1`. */
  readonly examples: readonly Example[];
}

/** Properties that the rows of a file are checked against. */
export interface TaskFileContext {
  /** Name of the folder, which every row repeats. */
  readonly task: string;
  readonly taskType: TaskType;
}

/** Reads a data file. @throws MetaError `MISSING_FILE` */
export async function readDataFile(path: string): Promise<DataFile> {
  const bytes = await readFile(path).catch((cause) => {
    throw new MetaError("MISSING_FILE", `${path} cannot be read: ${messageOf(cause)}.`, { cause });
  });
  return { path, bytes, sha256: createHash("sha256").update(bytes).digest("hex") };
}

/**
 * Parses a file of JSON lines, one example each.
 *
 * @throws MetaError `BAD_DATA`, naming file and line
 */
export function parseTaskFile(
  { path, bytes, sha256 }: DataFile,
  context: TaskFileContext,
): TaskFile {
  const examples: Example[] = [];
  for (const line of lines(decode(bytes, path))) {
    atRow(path, examples.length, () => {
      examples.push(parseExample(line, { ...context, first: examples[0] }));
    });
  }
  if (examples.length === 0) {
    throw rowError(path, 0, "the file is empty, but should hold one JSON object per line");
  }
  return { path, sha256, examples };
}

/** Reads a data file and parses its rows. @throws MetaError `MISSING_FILE`; `BAD_DATA`, naming file and line */
export async function readTaskFile(path: string, context: TaskFileContext): Promise<TaskFile> {
  return parseTaskFile(await readDataFile(path), context);
}

/** Calls `work` for a row of a file, and adds file and line to the errors that it throws. */
export function atRow<T>(path: string, row: number, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    throw cause instanceof RowProblem ? rowError(path, row, cause.message) : cause;
  }
}

/** Error about row `row` of a file, on line `row + 1`. */
export function rowError(path: string, row: number, problem: string): MetaError {
  return new MetaError("BAD_DATA", `${path}:${row + 1}: ${problem}.`);
}

function* lines(text: string): Generator<string> {
  for (let start = 0; start < text.length; ) {
    const newline = text.indexOf("\n", start);
    const end = newline === -1 ? text.length : newline;
    yield text.slice(start, end);
    start = end + 1;
  }
}

/** Decodes UTF-8, without a byte order mark. */
function decode(bytes: Uint8Array, path: string): string {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  try {
    return decoder.decode(bytes);
  } catch {
    throw rowError(path, firstUndecodable(bytes), "the line is not UTF-8 text");
  }
}

function firstUndecodable(bytes: Uint8Array): number {
  let row = 0;
  for (let start = 0; start < bytes.length; row++) {
    const newline = bytes.indexOf(10, start);
    const end = newline === -1 ? bytes.length : newline;
    try {
      new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(start, end));
    } catch {
      return row;
    }
    start = end + 1;
  }
  return row;
}
