import { MetaError, unknownName } from "@metalearn/core";
import type { SourceRow } from "./readSource.js";

/** Roles of the data's columns. */
export interface Columns {
  readonly input: readonly string[];
  readonly output: string;
  readonly options?: string | undefined;
}

const usualInputs = ["input", "text", "sentence", "question", "content"];
const usualOutputs = ["output", "label", "answer", "target", "answers"];

/**
 * Roles of columns as the user names them, or by their usual names.
 *
 * @throws MetaError `UNKNOWN_NAME` for a column that does not exist; `BAD_OPTION` when no name is usual
 */
export function columnsOf(
  { row }: SourceRow,
  { input, output, options }: { [Role in keyof Columns]?: Columns[Role] | undefined },
): Columns {
  const known = Object.keys(row);
  const usual = (names: readonly string[], what: string) => {
    const found = names.find((name) => known.includes(name));
    if (found !== undefined) return found;
    throw new MetaError(
      "BAD_OPTION",
      `No column is called ${names.join(", ")}. Say with --${what} which one is the ${what}: ${known.join(", ")}.`,
    );
  };
  for (const name of [...(input ?? []), output, options]) {
    if (name !== undefined && valueAt(row, name) === undefined)
      throw unknownName("column", name, known);
  }
  return {
    input: input && input.length > 0 ? input : [usual(usualInputs, "input")],
    output: output ?? usual(usualOutputs, "output"),
    options,
  };
}

/** Value of a column, or of `b` within the column `a` for `a.b`. */
export function valueAt(row: SourceRow["row"], column: string): unknown {
  if (Object.hasOwn(row, column)) return row[column];
  return column.split(".").reduce<unknown>((value, key) => {
    const within = typeof value === "object" && value !== null && Object.hasOwn(value, key);
    return within ? (value as Record<string, unknown>)[key] : undefined;
  }, row);
}

/** Text of a value. @throws MetaError `BAD_DATA`, naming the row, for a list, an object or nothing */
export function textOf(value: unknown, at: string, column: string): string {
  if (typeof value === "string") return value.trim();
  if (["number", "bigint", "boolean"].includes(typeof value)) return String(value);
  throw badRow(
    at,
    `the column ${column}: expected text, got ${value === undefined ? "nothing" : JSON.stringify(value)}`,
  );
}

/** Error about a row. */
export function badRow(at: string, problem: string): MetaError {
  return new MetaError("BAD_DATA", `${at}: ${problem}.`);
}
