import { readdir, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { MetaError } from "@metalearn/core";
import { parseJson, readTextIfThere } from "@metalearn/core/files";
import {
  isTableName,
  type LabelNames,
  labelNames,
  readTable,
  type Table,
  type TableReading,
  tableEndings,
} from "./readTable.js";
import type { TableRow } from "./tableRow.js";

/** A row, and its position for messages. */
export interface SourceRow {
  readonly at: string;
  readonly row: TableRow;
}

/** A user's data, by split; a file has only the first. */
export interface Source {
  readonly path: string;
  readonly train: readonly SourceRow[];
  readonly test: readonly SourceRow[];
  readonly validation: readonly SourceRow[];
  /** Names of labels that are stored as numbers, by column, where the data has them. */
  readonly labels: LabelNames;
  /** Sentences about what was read, where it may not be what was meant. */
  readonly remarks: readonly string[];
}

/** Split that a file of a folder holds, by the beginning of its name: `train-00000-of-00002.parquet`. */
const splits = [
  ["train", /^train/i],
  ["test", /^test/i],
  ["validation", /^(validation|valid|val|dev)/i],
] as const;

/**
 * Reads a file, or a folder with one or more files per split, as data sets on the Hugging Face hub have.
 *
 * @throws MetaError `MISSING_FILE`, `BAD_DATA`, or `BAD_OPTION`
 */
export async function readSource(path: string, reading: TableReading = {}): Promise<Source> {
  const entry = await stat(path).catch(() => undefined);
  if (!entry) throw new MetaError("MISSING_FILE", `There is no file or folder ${path}.`);
  if (!entry.isDirectory()) {
    const { labels, remarks, ...table } = await readTable(path, reading);
    return { path, labels, remarks, train: rowsOf([table]), test: [], validation: [] };
  }
  const files = await dataFiles(path, reading);
  const tables = async (split: string) => {
    const own = files.filter(({ split: of }) => of === split);
    return Promise.all(own.map(({ file }) => readTable(file, reading)));
  };
  const [train = [], test = [], validation = []] = await Promise.all(
    splits.map(([name]) => tables(name)),
  );
  if (train.length === 0) {
    throw new MetaError(
      "MISSING_FILE",
      `Expected a file in ${path} whose name begins with "train" and ends with one of ${tableEndings}, got none.`,
    );
  }
  return {
    path,
    train: rowsOf(train),
    test: rowsOf(test),
    validation: rowsOf(validation),
    labels: Object.assign({}, await infoLabels(path), ...train.map(({ labels }) => labels)),
    remarks: [train, test, validation].flat().flatMap(({ remarks }) => remarks),
  };
}

/** Data files of a folder and of its subfolder `data`, sorted by name. */
async function dataFiles(
  folder: string,
  reading: TableReading,
): Promise<{ file: string; split: string | undefined }[]> {
  const lists = await Promise.all(
    [folder, join(folder, "data")].map(async (at) =>
      (await readdir(at).catch(() => [])).sort().map((name) => join(at, name)),
    ),
  );
  return lists
    .flat()
    .filter((file) => isTableName(file, reading))
    .map((file) => ({ file, split: splits.find(([, name]) => name.test(basename(file)))?.[0] }));
}

/** Names of labels from `dataset_info.json`, which Hugging Face's `datasets` writes. */
async function infoLabels(folder: string): Promise<LabelNames> {
  const path = join(folder, "dataset_info.json");
  const text = await readTextIfThere(path);
  if (text === undefined) return {};
  return labelNames((parseJson(text, path) as { features?: unknown } | null)?.features);
}

function rowsOf(tables: readonly Pick<Table, "path" | "rows">[]): SourceRow[] {
  return tables.flatMap(({ path, rows }) =>
    rows.map((row, i) => ({ at: `${path}, row ${i + 1}`, row })),
  );
}
