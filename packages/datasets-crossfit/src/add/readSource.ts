import { readdir, readFile, stat } from "node:fs/promises";
import { basename, extname, join } from "node:path";
import { counted, MetaError, randomFor } from "@metalearn/core";
import { type LabelNames, labelNames, readTable, type Table, tableFormats } from "./readTable.js";

/** A row, and its position for messages. */
export interface SourceRow {
  readonly at: string;
  readonly row: Table["rows"][number];
}

/** A user's data, in training and test rows. */
export interface Source {
  readonly train: readonly SourceRow[];
  readonly test: readonly SourceRow[];
  readonly labels: LabelNames;
}

/** Split that a file of a folder holds, by the beginning of its name: `train-00000-of-00002.parquet`. */
const splits = [
  ["train", /^train/i],
  ["test", /^test/i],
  ["validation", /^(validation|valid|val|dev)/i],
] as const;

/**
 * Reads a file, holding out some of its rows for testing; or a folder with one or more files per split, as
 * data sets on the Hugging Face hub have. In a folder, the validation split serves for testing when the test
 * split is absent or has no labels.
 *
 * @param testRows number of rows to hold out where the data has no test split; by default a fifth, at most
 *   1000
 * @throws MetaError `MISSING_FILE`, `BAD_DATA`, or `BAD_OPTION` when no row would be left
 */
export async function readSource(
  path: string,
  { task, testRows }: { task: string; testRows?: number | undefined },
): Promise<Source> {
  const entry = await stat(path).catch(() => undefined);
  if (!entry) throw new MetaError("MISSING_FILE", `There is no file or folder ${path}.`);
  if (!entry.isDirectory()) {
    const table = await readTable(path);
    return { ...divide(rowsOf([table]), { path, task, testRows }), labels: table.labels };
  }
  const files = await dataFiles(path);
  const tables = async (split: string) => {
    const own = files.filter(({ split: of }) => of === split);
    return Promise.all(own.map(({ file }) => readTable(file)));
  };
  const [train, test, validation] = await Promise.all(splits.map(([name]) => tables(name)));
  if (!train || train.length === 0) {
    throw new MetaError(
      "MISSING_FILE",
      `Expected a file in ${path} whose name begins with "train" and ends with one of ${tableFormats.join(", ")}, got none.`,
    );
  }
  const labels = Object.assign({}, await infoLabels(path), ...train.map((table) => table.labels));
  const tested = test && test.length > 0 ? test : (validation ?? []);
  if (tested.length > 0) return { train: rowsOf(train), test: rowsOf(tested), labels };
  return { ...divide(rowsOf(train), { path, task, testRows }), labels };
}

/** Data files of a folder and of its subfolder `data`, sorted by name. */
async function dataFiles(folder: string): Promise<{ file: string; split: string | undefined }[]> {
  const lists = await Promise.all(
    [folder, join(folder, "data")].map(async (at) =>
      (await readdir(at).catch(() => [])).sort().map((name) => join(at, name)),
    ),
  );
  return lists
    .flat()
    .filter((file) => (tableFormats as readonly string[]).includes(extname(file).toLowerCase()))
    .map((file) => ({ file, split: splits.find(([, name]) => name.test(basename(file)))?.[0] }));
}

/** Names of labels from `dataset_info.json`, which Hugging Face's `datasets` writes. */
async function infoLabels(folder: string): Promise<LabelNames> {
  const text = await readFile(join(folder, "dataset_info.json"), "utf8").catch(() => "{}");
  try {
    return labelNames((JSON.parse(text) as { features?: unknown }).features);
  } catch (cause) {
    throw new MetaError("BAD_DATA", `${folder}/dataset_info.json is not JSON.`, { cause });
  }
}

function rowsOf(tables: readonly Table[]): SourceRow[] {
  return tables.flatMap(({ path, rows }) =>
    rows.map((row, i) => ({ at: `${path}, row ${i + 1}`, row })),
  );
}

function divide(
  rows: readonly SourceRow[],
  { path, task, testRows }: { path: string; task: string; testRows?: number | undefined },
): Pick<Source, "train" | "test"> {
  const count = testRows ?? Math.min(1_000, Math.floor(rows.length / 5));
  if (count >= rows.length) {
    throw new MetaError(
      "BAD_OPTION",
      `Expected more than ${counted(count, "row")}, to hold out ${count} for testing, got ${rows.length} in ${path}.`,
    );
  }
  const shuffled = randomFor("test split", task).shuffle(rows);
  return { test: shuffled.slice(0, count), train: shuffled.slice(count) };
}
