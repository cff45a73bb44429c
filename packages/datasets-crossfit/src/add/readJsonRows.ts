import { MetaError, messageOf } from "@metalearn/core";
import { parseJson } from "@metalearn/core/files";
import type { TableRow } from "./tableRow.js";

type Fields = Readonly<Record<string, unknown>>;

/**
 * Rows of JSON, whose form is seen from the text, not from the file's name:
 *
 * - an object a line (JSON lines);
 * - a list of objects, or an object with one in `data` or `rows`, as the hub's data viewer returns it;
 * - columns of equal length, `{"text": [...], "label": [...]}`;
 * - what pandas writes with `orient` columns, index or split.
 *
 * @throws MetaError `BAD_DATA`, naming the row or line
 */
export function readJsonRows(path: string, text: string): TableRow[] {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    return readJsonLines(path, text, cause);
  }
  const list = listOf(json);
  if (list) return list.map((item, i) => unwrapped(asRow(`${path}, row ${i + 1}`, item)));
  // One line of JSON lines is one row.
  if (isFields(json) && !text.trim().includes("\n") && isFlat(json)) return [json];
  throw new MetaError(
    "BAD_DATA",
    `${path}: expected a list of rows, or an object with one in "data" or "rows", columns of equal length, or an object a line.`,
  );
}

function readJsonLines(path: string, text: string, whole: unknown): TableRow[] {
  const lines = text.split("\n").map((line, i) => ({ line, at: `${path}:${i + 1}` }));
  const full = lines.filter(({ line }) => line.trim() !== "");
  const [first] = full;
  // A list, or an object over several lines, with a fault somewhere: its own message tells the place.
  if (first === undefined || /^\s*(\[|\{\s*$)/.test(first.line)) {
    throw new MetaError("BAD_DATA", `${path}: not JSON: ${messageOf(whole)}.`, { cause: whole });
  }
  return full.map(({ line, at }) => asRow(at, parseJson(line, at)));
}

function listOf(json: unknown): readonly unknown[] | undefined {
  if (Array.isArray(json)) return json;
  if (!isFields(json)) return undefined;
  const { columns, data, rows } = json;
  if (Array.isArray(columns) && isTable(data)) {
    return data.map((row) => Object.fromEntries(columns.map((name, i) => [String(name), row[i]])));
  }
  const list = [data, rows].find((value) => Array.isArray(value) && value.some(isFields));
  if (list) return list as unknown[];
  return rowsOfColumns(json) ?? rowsByIndex(json);
}

/** Rows of columns, each a list, or an object by the rows' numbers as pandas writes it. */
function rowsOfColumns(json: Fields): readonly unknown[] | undefined {
  const columns = Object.entries(json).map(([name, column]) => [name, valuesOf(column)] as const);
  const length = columns[0]?.[1]?.length ?? 0;
  if (length === 0 || columns.some(([, values]) => values?.length !== length)) return undefined;
  return Array.from({ length }, (_, row) =>
    Object.fromEntries(columns.map(([name, values]) => [name, values?.[row]])),
  );
}

function valuesOf(column: unknown): readonly unknown[] | undefined {
  if (Array.isArray(column)) return column;
  return isFields(column) && Object.keys(column).every(isNumber)
    ? Object.values(column)
    : undefined;
}

/** Rows by number, `{"0": {...}, "1": {...}}`. */
function rowsByIndex(json: Fields): readonly unknown[] | undefined {
  const entries = Object.entries(json);
  const isRows = entries.every(([key, row]) => isNumber(key) && isFields(row));
  return entries.length > 0 && isRows ? Object.values(json) : undefined;
}

/** The hub's data viewer wraps each row: `{"row_idx": 0, "row": {...}}`. */
function unwrapped(row: TableRow): TableRow {
  return "row_idx" in row && isFields(row.row) ? row.row : row;
}

function asRow(where: string, value: unknown): TableRow {
  if (isFields(value)) return value;
  throw new MetaError("BAD_DATA", `${where}: expected an object with columns.`);
}

function isFlat(row: Fields): boolean {
  return Object.values(row).some((value) => typeof value !== "object");
}

function isTable(value: unknown): value is unknown[][] {
  return Array.isArray(value) && value.every(Array.isArray);
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isNumber(key: string): boolean {
  return /^\d+$/.test(key);
}
