import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { gunzipSync } from "node:zlib";
import { MetaError, messageOf } from "@metalearn/core";
import { decodeText } from "@metalearn/core/files";
import { parquetMetadata, parquetReadObjects } from "hyparquet";
import { type Dialect, readDelimited } from "./readDelimited.js";
import { readJsonRows } from "./readJsonRows.js";
import type { TableRow } from "./tableRow.js";

/** A user's data. */
export interface Table {
  readonly path: string;
  readonly rows: readonly TableRow[];
  /** Names of labels that are stored as numbers, by column, where the file has them. */
  readonly labels: LabelNames;
  /** Sentences about what was read, where it may not be what was meant. */
  readonly remarks: readonly string[];
}

/** Names of labels by column: the features of type ClassLabel of Hugging Face's data sets. */
export type LabelNames = Readonly<Record<string, readonly string[]>>;

/** Kinds of tables. */
export const tableFormats = ["csv", "tsv", "json", "parquet"] as const;
export type TableFormat = (typeof tableFormats)[number];

/** Formats by the ending of a file's name; that of a `.txt` is seen from its text. */
const endings: Readonly<Record<string, TableFormat | "txt">> = {
  csv: "csv",
  ...{ tsv: "tsv", tab: "tsv" },
  ...{ json: "json", jsonl: "json", ndjson: "json" },
  parquet: "parquet",
  txt: "txt",
};

/** A description of the files, where their endings do not tell. */
export interface TableReading extends Dialect {
  readonly format?: TableFormat | undefined;
}

/** True for the name of a file that {@link readTable} reads. */
export function isTableName(name: string, { format }: TableReading = {}): boolean {
  return format !== undefined || endingOf(name) !== undefined;
}

/** Endings of the files that can be read, for messages. */
export const tableEndings = Object.keys(endings)
  .map((ending) => `.${ending}`)
  .join(", ");

/**
 * Reads a table by `format`, or by the ending of its name, both also packed by gzip. See {@link readDelimited} for CSV
 * and TSV, and {@link readJsonRows} for JSON.
 *
 * @throws MetaError `MISSING_FILE`; `BAD_DATA`, with the line where there are lines; `BAD_OPTION` for other
 *   endings
 */
export async function readTable(path: string, reading: TableReading = {}): Promise<Table> {
  const stored = await readFile(path).catch((cause) => {
    throw new MetaError("MISSING_FILE", `${path} cannot be read: ${messageOf(cause)}.`, { cause });
  });
  const ending = reading.format ?? endingOf(path);
  if (ending === undefined) {
    throw new MetaError(
      "BAD_OPTION",
      `Expected a file of type ${tableEndings}, or one of these and .gz, got ${path}. Say with --format what it is.`,
    );
  }
  const bytes = isGzip(stored) ? unpack(path, stored) : stored;
  if (ending === "parquet") return readParquet(path, bytes);
  const text = decodeText(bytes, path);
  const format = ending === "txt" ? formatOfText(path, text) : ending;
  if (format === "json") {
    return { path, rows: readJsonRows(path, text), labels: {}, remarks: [] };
  }
  return { path, labels: {}, ...readDelimited(path, text, format, reading) };
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

function endingOf(path: string): TableFormat | "txt" | undefined {
  const [, ending] = /\.([^.]+)(?:\.gz)?$/i.exec(basename(path)) ?? [];
  const known = ending?.toLowerCase() ?? "";
  return Object.hasOwn(endings, known) ? endings[known] : undefined;
}

function formatOfText(path: string, text: string): "json" | "tsv" {
  if (/^\s*[[{]/.test(text)) return "json";
  if (/^[^\r\n]*\t/.test(text)) return "tsv";
  throw new MetaError(
    "BAD_OPTION",
    `${path}: expected JSON, or columns that tabs separate, in a .txt file, got neither. Say with --format what it is.`,
  );
}

function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

function unpack(path: string, bytes: Uint8Array): Buffer {
  try {
    return gunzipSync(bytes);
  } catch (cause) {
    throw new MetaError("BAD_DATA", `${path} cannot be unpacked: ${messageOf(cause)}.`, { cause });
  }
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
    return { path, rows, labels: labelNames(features), remarks: [] };
  } catch (cause) {
    throw new MetaError("BAD_DATA", `${path} cannot be read as Parquet: ${messageOf(cause)}.`, {
      cause,
    });
  }
}
