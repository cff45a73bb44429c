/** What a plugin can do for the data that its tasks read: `metalearn data add` and `download`. */
export interface DataSupport {
  /** Makes a task of a user's own data. @throws MetaError, with nothing written */
  add(options: AddDataOptions): Promise<AddedData>;
  /** Gets published data. @throws MetaError; what has arrived whole stays */
  download(options: DownloadDataOptions): Promise<DownloadedData>;
}

/** A user's own data, and what is to become of it. */
export interface AddDataOptions {
  /** A file (CSV, TSV, JSON, JSON lines, Parquet), or a folder with one for each split. */
  readonly source: string;
  /** The folder that the tasks' option `root` names; made if it is not there. */
  readonly root: string;
  readonly task: string;
  /** Columns of the input, joined by `[SEP]`; `a.b` is `b` within `a`. @default the first usual name */
  readonly input?: readonly string[] | undefined;
  /** The column of the answer. @default the first usual name */
  readonly output?: string | undefined;
  /** The column of what may be answered, where it differs from row to row. */
  readonly options?: string | undefined;
  /** Names of the labels 0, 1, ..., where the answers are numbers. */
  readonly labels?: readonly string[] | undefined;
  /** @default by the answers: few different ones are labels */
  readonly type?: "classification" | "multi-choice" | "free-form" | undefined;
  /** Whether it is to be trained on, evaluated on, or both in different settings. */
  readonly use: "train" | "target" | "both";
  /** The list of tasks that it joins. */
  readonly setting: string;
  /** Whether no training task shares its domain, for a target. */
  readonly unseenDomain?: boolean | undefined;
  /** Demonstrations of a target, and their seeds. */
  readonly shots: number;
  readonly seeds: readonly number[];
  /** Rows to test on, where the data has no split for that. @default a fifth, at most 1000 */
  readonly testRows?: number | undefined;
}

/** What became of a user's data. */
export interface AddedData {
  readonly folder: string;
  readonly type: "classification" | "multi-choice" | "free-form";
  readonly columns: { readonly input: readonly string[]; readonly output: string };
  /** Labels of classification. */
  readonly labels: readonly string[];
  readonly trainRows: number;
  readonly testRows: number;
}

/** Published data to get. */
export interface DownloadDataOptions {
  readonly root: string;
  /** Whose tasks to get. */
  readonly setting: string;
  /** A data set on the hub. @default MetaICL's files */
  readonly repository?: string | undefined;
  readonly revision?: string | undefined;
  /** Of each target, the files with so many demonstrations. */
  readonly shots: number;
  readonly notify?: ((message: string) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What was got. */
export interface DownloadedData {
  readonly files: number;
  /** Tasks that the data set does not have. */
  readonly missing: readonly string[];
}
