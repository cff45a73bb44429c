import { MetaError } from "@metalearn/core";
import { CsvError, type Info, parse } from "csv-parse/sync";
import type { TableRow } from "./tableRow.js";

/** Roles of quotes in a table: the marks around fields, or part of the text. */
export const quoteRoles = ["fields", "text"] as const;

/** Dialect of a table whose columns a character separates. */
export interface Dialect {
  /** Character between columns. @default a comma for CSV, a tab for TSV */
  readonly delimiter?: string | undefined;
  /** @default `fields` for CSV, `text` for TSV */
  readonly quotes?: (typeof quoteRoles)[number] | undefined;
}

/** A line of a table, as csv-parse gives it. */
interface Line {
  readonly record: TableRow;
  readonly raw: string;
  readonly info: Pick<Info, "lines">;
}

/**
 * Reads a table with a line of column names.
 *
 * In CSV (RFC 4180), quotes around a field keep commas and line breaks in it; within a field that does not begin
 * with a quote, they are text, as for Python's `csv`. In TSV (IANA's text/tab-separated-values), every quote is
 * text, and tabs alone separate fields, as in GLUE's files.
 *
 * @throws MetaError `BAD_DATA`, naming the line
 */
export function readDelimited(
  path: string,
  text: string,
  format: "csv" | "tsv",
  {
    delimiter = format === "csv" ? "," : "\t",
    quotes = format === "csv" ? "fields" : "text",
  }: Dialect,
): { rows: TableRow[]; remarks: string[] } {
  const isQuoting = quotes === "fields";
  const lines = parseLines(path, text, delimiter, isQuoting);
  if (isQuoting) requireClosedFields(path, lines, delimiter);
  const remark = isQuoting ? longFields(path, lines) : quotedFields(path, lines);
  return { rows: lines.map(({ record }) => record), remarks: remark === undefined ? [] : [remark] };
}

function parseLines(path: string, text: string, delimiter: string, isQuoting: boolean): Line[] {
  const unique = (names: string[]) => {
    const again = names.find((name, i) => names.indexOf(name) < i);
    if (again === undefined) return names;
    throw new MetaError(
      "BAD_DATA",
      `${path}:1: expected different names of columns, got ${JSON.stringify(again)} twice. Rename one.`,
    );
  };
  try {
    return parse(text, {
      delimiter,
      columns: unique,
      quote: isQuoting ? '"' : false,
      relax_quotes: true,
      skip_empty_lines: true,
      ...{ bom: true, raw: true, info: true },
    }) as unknown as Line[];
  } catch (cause) {
    if (!(cause instanceof CsvError)) throw cause;
    const line = typeof cause.lines === "number" ? `:${cause.lines}` : "";
    const way = isQuoting
      ? "If quotes are part of the text, add --quotes text."
      : "If quotes stand around fields, as in CSV, add --quotes fields.";
    throw new MetaError("BAD_DATA", `${path}${line}: ${cause.message}. ${way}`, { cause });
  }
}

/**
 * Refuses text after a field's closing quote (`"Solid" is the word,good`), which readers of CSV take in different ways.
 */
function requireClosedFields(path: string, lines: readonly Line[], delimiter: string): void {
  const separator = delimiter.replace(/[\\^$.*+?()[\]{}|\-/]/g, "\\$&");
  const field = `(?:"[^"]*(?:""[^"]*)*"|(?!")[^${separator}\r\n]*)`;
  const whole = new RegExp(`^[\r\n]*${field}(?:${separator}${field})*[\r\n]*$`);
  const bad = lines.find(({ raw }) => raw.includes('"') && !whole.test(raw));
  if (!bad) return;
  throw new MetaError(
    "BAD_DATA",
    `${path}:${bad.info.lines}: expected ${JSON.stringify(delimiter)} after the quote that closes a field, got more text. If quotes are part of the text, add --quotes text; otherwise double them within a field ("").`,
  );
}

/** Remark on fields over several lines: an unpaired quote makes one row of many, under the last one's answer. */
function longFields(path: string, lines: readonly Line[]): string | undefined {
  const long = lines.filter(({ raw }) => raw.includes('"') && /[\r\n]/.test(raw.trim()));
  const [first] = long;
  if (!first) return undefined;
  const from = first.info.lines - first.raw.trim().split(/\r\n|\r|\n/).length + 1;
  return `${path}: quotes join several lines to one row in ${count(long.length, "row")}, first in lines ${from} to ${first.info.lines}. If quotes are part of the text, add --quotes text.`;
}

/** Remark on fields that look like CSV's, whose quotes are kept as text. */
function quotedFields(path: string, lines: readonly Line[]): string | undefined {
  const isQuoted = (value: unknown) =>
    typeof value === "string" && /^".*""[^"].*"$/.test(value.trim());
  const quoted = lines.filter(({ record }) => Object.values(record).some(isQuoted));
  const [first] = quoted;
  if (!first) return undefined;
  return `${path}: fields in ${count(quoted.length, "row")}, first in line ${first.info.lines}, have doubled quotes, which are kept as they are. If quotes stand around fields, as in CSV, add --quotes fields.`;
}

function count(rows: number, what: string): string {
  return `${rows} ${what}${rows === 1 ? "" : "s"}`;
}
