import { existsSync } from "node:fs";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { listCheckpoints } from "../checkpoint/checkpoint.js";
import { appendText, removeLeftovers, writeTextAtomically } from "../checkpoint/files.js";
import type { NamedRun } from "../config/runsOf.js";
import type { RunConfig } from "../config/schema.js";
import type { TrackerRecord } from "../contracts/tracker.js";
import { MetaError } from "../errors.js";
import type { Machine } from "./machine.js";

/** Record of a run, `run.json`: its config, data, versions, engine and machine. */
export interface RunRecord {
  readonly format: 1;
  readonly name: string;
  /** The config in full, defaults included. */
  readonly config: RunConfig;
  /** The plugins' names or paths, as in the config. */
  readonly plugins: readonly string[];
  /** The config file, to which paths in the config are relative. */
  readonly configFile?: string | undefined;
  /** Total number of meta-updates. */
  readonly updates: number;
  readonly engine: { readonly name: string; readonly device: string; readonly version: string };
  readonly versions: Readonly<Record<string, string>>;
  /** Hash of each data file, by its name. */
  readonly data: Readonly<Record<string, string>>;
  /** Names of the meta-training tasks. Absent in records of earlier versions, like `machine`. */
  readonly trainingTasks?: readonly string[];
  readonly machine?: Machine;
  /** ISO 8601 time. */
  readonly created: string;
}

/** Paths of a run's files. */
export interface RunDirectory {
  readonly path: string;
  readonly checkpoints: string;
  /** Checkpoint of the state before a loss or gradient that was not finite. */
  readonly failure: string;
  readonly record: string;
  readonly metrics: string;
  readonly evaluation: string;
  /** Scores per task and seed, from which an interrupted evaluation resumes. */
  readonly scores: string;
  /** Folder of the answers to single questions: one file per set of parameters and options. */
  readonly predictions: string;
}

/** The paths inside a run's directory. */
export function runDirectory(path: string): RunDirectory {
  return {
    path,
    checkpoints: join(path, "checkpoints"),
    failure: join(path, "failure"),
    record: join(path, "run.json"),
    metrics: join(path, "metrics.jsonl"),
    evaluation: join(path, "evaluation.json"),
    scores: join(path, "scores.jsonl"),
    predictions: join(path, "predictions"),
  };
}

/** Reads the record of a run; nothing if the directory holds none. @throws MetaError `BAD_DATA` */
export async function readRunRecord({ record }: RunDirectory): Promise<RunRecord | undefined> {
  return readJson<RunRecord>(record);
}

/**
 * Claims a directory for a run: writes its record, or checks that the record there is of the same run.
 * If only `evaluate` differs, training is kept and the evaluation deleted. A run without results is
 * overwritten.
 *
 * @returns true if the run was started before
 * @throws MetaError `RUN_EXISTS` when the directory holds results of another config or other data
 */
export async function claimRunDirectory(files: RunDirectory, run: RunRecord): Promise<boolean> {
  await removeLeftovers(files.path);
  const before = await readRunRecord(files);
  const write = () => writeTextAtomically(files.record, `${JSON.stringify(run, null, 2)}\n`);
  if (!before) {
    if (await hasResults(files)) {
      throw new MetaError(
        "RUN_EXISTS",
        `${files.path}: expected an empty folder or one with a run.json, but found results without a run.json. Choose another folder with out=..., or delete this one.`,
      );
    }
    await write();
    return false;
  }
  const changed = differingKeys(before.config, run.config, "").filter((key) => !isTracker(key));
  const differences = [
    ...changed.filter((key) => !key.startsWith("evaluate.")),
    ...(isDeepStrictEqual(before.data, run.data) ? [] : ["the data files"]),
  ];
  if (differences.length === 0) {
    if (changed.length > 0) {
      await rm(files.evaluation, { force: true });
      await write();
    }
    return true;
  }
  if (await hasResults(files)) {
    throw new MetaError(
      "RUN_EXISTS",
      `${files.path} already holds a run that differs in ${differences.join(", ")}. Choose another folder with out=..., or delete this one.`,
    );
  }
  await write();
  return false;
}

/** Deletes the files of a run that failed before it had any results. */
export async function unclaimRunDirectory(files: RunDirectory): Promise<void> {
  if (await hasResults(files)) return;
  await Promise.all([files.record, files.metrics].map((file) => rm(file, { force: true })));
}

/** True for keys of the tracker. It does not affect results, so changing it does not make a different run. */
function isTracker(key: string): boolean {
  return key === "tracker" || key.startsWith("tracker.");
}

/** True if a run has a checkpoint or an evaluation. */
async function hasResults({ checkpoints, evaluation }: RunDirectory): Promise<boolean> {
  return existsSync(evaluation) || (await listCheckpoints(checkpoints)).length > 0;
}

/** Appends one line of metrics. */
export async function appendMetrics(files: RunDirectory, record: TrackerRecord): Promise<void> {
  await appendText(files.metrics, `${JSON.stringify(record)}\n`);
}

/** Reads the metrics of a run, oldest first, without an incomplete last line. */
export async function readMetrics(path: string): Promise<TrackerRecord[]> {
  const text = await readFile(runDirectory(path).metrics, "utf8").catch(() => "");
  const lines = text.split("\n");
  // Text after the last newline is empty, or was being written when the run was killed.
  return lines.slice(0, -1).map((line) => JSON.parse(line) as TrackerRecord);
}

/** Merges metrics into the last line. */
export async function amendMetrics(files: RunDirectory, more: TrackerRecord): Promise<void> {
  const lines = await readMetrics(files.path);
  await writeMetrics(files, [...lines.slice(0, -1), { ...lines.at(-1), ...more }]);
}

/** Deletes metrics of updates after `update`, that of the checkpoint from which a run resumes. */
export async function rewindMetrics(files: RunDirectory, update: number): Promise<void> {
  const lines = await readMetrics(files.path);
  await writeMetrics(
    files,
    lines.filter((line) => Number(line.update) <= update),
  );
}

async function writeMetrics(files: RunDirectory, lines: readonly TrackerRecord[]): Promise<void> {
  const text = lines.map((line) => `${JSON.stringify(line)}\n`).join("");
  await writeTextAtomically(files.metrics, text);
}

/**
 * Reads a JSON file that metalearn wrote; nothing if there is no such file.
 *
 * @throws MetaError `MISSING_FILE` when it cannot be read, `BAD_DATA` when it is not JSON
 */
export async function readJson<T>(path: string): Promise<T | undefined> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (cause) {
    // ENOTDIR: the path is a file, such as a checkpoint of torch.save, and not a run's directory.
    if (["ENOENT", "ENOTDIR"].includes((cause as NodeJS.ErrnoException).code ?? ""))
      return undefined;
    throw new MetaError(
      "MISSING_FILE",
      `${path}: expected a file that can be read. Check its permissions.`,
      { cause },
    );
  }
  try {
    return JSON.parse(text) as T;
  } catch (cause) {
    throw new MetaError(
      "BAD_DATA",
      `${path}: expected JSON, as metalearn wrote it. Restore the file if it was edited, or delete the run.`,
      { cause },
    );
  }
}

function differingKeys(before: unknown, after: unknown, path: string): string[] {
  if (isDeepStrictEqual(before, after)) return [];
  if (!isRecord(before) || !isRecord(after)) return [path];
  const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...keys].flatMap((key) =>
    differingKeys(before[key], after[key], path ? `${path}.${key}` : key),
  );
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Path of a run's directory: `{out}/{name}-seed{seed}`. */
export function runPath(out: string, { name, config }: NamedRun): string {
  return join(out, `${name}-seed${config.seed}`);
}
