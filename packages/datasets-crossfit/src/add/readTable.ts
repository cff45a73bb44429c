import { readFile } from "node:fs/promises";
import { extname } from "node:path";
import { MetaError, messageOf } from "@metalearn/core";
import { CsvError, parse } from "csv-parse/sync";
import { parquetMetadata, parquetReadObjects } from "hyparquet";

/** A row of a user's data: values by column. */
type TableRow = Readonly<Record<string, unknown>>;

/** A user's data. */
export interface Table {
  readonly path: string;
  readonly rows: readonly TableRow[];
  /** Names of labels that are stored as numbers, by column, where the file has them. */
  readonly labels: LabelNames;
}

/** Names of labels by column: the features of type ClassLabel of Hugging Face's data sets. */
export type LabelNames = Readonly<Record<string, readonly string[]>>;

/** Extensions of the files that can be read. */
export const tableFormats = [".csv", ".tsv", ".json", ".jsonl", ".ndjson", ".parquet"] as const;

/**
 * Reads a file by its extension. JSON may be a list of rows, or an object with a list in `data` or `rows`, as
 * the hub's data viewer returns them.
 *
 * @throws MetaError `MISSING_FILE`; `BAD_DATA`, with the line where there are lines; `BAD_OPTION` for other
 *   extensions
 */
export async function readTable(path: string): Promise<Table> {
  const bytes = await readFile(path).catch((cause) => {
    throw new MetaError("MISSING_FILE", `${path} cannot be read: ${messageOf(cause)}.`, { cause });
  });
  const ending = extname(path).toLowerCase();
  if (ending === ".parquet") return readParquet(path, bytes);
  const text = decode(path, bytes);
  if (ending === ".csv") return { path, rows: readCsv(path, text, ","), labels: {} };
  if (ending === ".tsv") return { path, rows: readCsv(path, text, "\t"), labels: {} };
  if (ending === ".json") return { path, rows: rowsOf(path, readJson(path, text)), labels: {} };
  if (ending === ".jsonl" || ending === ".ndjson") {
    const lines = text.split("\n").map((line, i) => [line, `${path}:${i + 1}`] as const);
    const full = lines.filter(([line]) => line.trim() !== "");
    return { path, rows: full.map(([line, at]) => asRow(at, readJson(at, line))), labels: {} };
  }
  throw new MetaError(
    "BAD_OPTION",
    `Expected a file of type ${tableFormats.join(", ")}, got ${path}.`,
  );
}

/** Names of labels from a data set's features, as `dataset_info.json` and Parquet files hold them. */
export function labelNames(features: unknown): LabelNames {
  const columns = Object.entries((features ?? {}) as Record<string, { names?: unknown }>);
  return Object.fromEntries(
    columns.flatMap(([column, feature]) =>
      Array.isArray(feature?.names) ? [[column, feature.names.map(String)]] : [],
    ),
  );
}

function decode(path: string, bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new MetaError("BAD_DATA", `${path} is not UTF-8 text.`, { cause });
  }
}

function readCsv(path: string, text: string, delimiter: string): TableRow[] {
  try {
    return parse(text, { delimiter, columns: true, skip_empty_lines: true, bom: true });
  } catch (cause) {
    if (!(cause instanceof CsvError)) throw cause;
    const line = typeof cause.lines === "number" ? `:${cause.lines}` : "";
    throw new MetaError("BAD_DATA", `${path}${line}: ${cause.message}.`, { cause });
  }
}

function readJson(where: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new MetaError("BAD_DATA", `${where}: not JSON: ${messageOf(cause)}.`, { cause });
  }
}

function rowsOf(path: string, json: unknown): TableRow[] {
  const { data, rows } = (json ?? {}) as { data?: unknown; rows?: unknown };
  const list = [json, data, rows].find(Array.isArray) as unknown[] | undefined;
  if (!list) {
    throw new MetaError(
      "BAD_DATA",
      `${path}: expected a list of rows, or an object with one in "data" or "rows".`,
    );
  }
  return list.map((item, i) => {
    const row = asRow(`${path}, row ${i + 1}`, item);
    // The hub's data viewer wraps each row: {"row_idx": 0, "row": {...}}.
    return "row" in row && "row_idx" in row ? asRow(path, row.row) : row;
  });
}

function asRow(where: string, value: unknown): TableRow {
  if (typeof value === "object" && value !== null && !Array.isArray(value))
    return value as TableRow;
  throw new MetaError("BAD_DATA", `${where}: expected an object with columns.`);
}

async function readParquet(path: string, bytes: Buffer): Promise<Table> {
  try {
    const file = bytes.buffer.slice(
      bytes.byteOffset,
      bytes.byteOffset + bytes.length,
    ) as ArrayBuffer;
    const metadata = parquetMetadata(file);
    const own = metadata.key_value_metadata?.find(({ key }) => key === "huggingface")?.value;
    const features = own ? JSON.parse(own).info?.features : undefined;
    const rows = await parquetReadObjects({ file, metadata });
    return { path, rows, labels: labelNames(features) };
  } catch (cause) {
    throw new MetaError("BAD_DATA", `${path} cannot be read as Parquet: ${messageOf(cause)}.`, {
      cause,
    });
  }
}
