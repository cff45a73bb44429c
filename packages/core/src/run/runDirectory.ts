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

/** What a run was and where it ran: `run.json`. */
export interface RunRecord {
  readonly format: 1;
  readonly name: string;
  /** The config in full, defaults included. */
  readonly config: RunConfig;
  /** How the config names the plugins. */
  readonly plugins: readonly string[];
  /** The config file, to which paths in the config are relative. */
  readonly configFile?: string | undefined;
  /** Meta-updates planned. */
  readonly updates: number;
  readonly engine: { readonly name: string; readonly device: string; readonly version: string };
  readonly versions: Readonly<Record<string, string>>;
  /** Hashes of the data files. */
  readonly data: Readonly<Record<string, string>>;
  /** Names of the meta-training tasks; absent in records of earlier versions, as is `machine`. */
  readonly trainingTasks?: readonly string[];
  readonly machine?: Machine;
  readonly created: string;
}

/** The files of a run. */
export interface RunDirectory {
  readonly path: string;
  readonly checkpoints: string;
  /** The state before a loss or gradient that was not a number, as checkpoint. */
  readonly failure: string;
  readonly record: string;
  readonly metrics: string;
  readonly evaluation: string;
  /** Scores of single tasks and seeds, from which an interrupted evaluation goes on. */
  readonly scores: string;
  /** The folder with the answers to single questions, a file for each way to ask them. */
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

/** The record of a run, or nothing when the directory holds none. @throws MetaError `BAD_DATA` */
export async function readRunRecord({ record }: RunDirectory): Promise<RunRecord | undefined> {
  return readJson<RunRecord>(record);
}

/**
 * Makes sure that a directory holds this run: writes its record, or, where there is one already,
 * checks that it is the same run. A run that is only to be evaluated otherwise keeps its training
 * and loses its evaluation; one that ended before it had any results gives way.
 *
 * @returns whether the run had been begun before
 * @throws MetaError `RUN_EXISTS` when the directory holds a run with another config or other data
 */
export async function claimRunDirectory(files: RunDirectory, run: RunRecord): Promise<boolean> {
  await removeLeftovers(files.path);
  const before = await readRunRecord(files);
  const write = () => writeTextAtomically(files.record, `${JSON.stringify(run, null, 2)}\n`);
  if (!before) {
    if (await hasResults(files)) {
      throw new MetaError(
        "RUN_EXISTS",
        `${files.path} holds results, but no run.json that says of what. Choose another folder with out=..., or delete this one.`,
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
      `${files.path} holds a run that differs in ${differences.join(", ")}. Choose another folder with out=..., or delete this one.`,
    );
  }
  await write();
  return false;
}

/** Gives a directory back that holds no results: a run that could not even begin leaves nothing. */
export async function unclaimRunDirectory(files: RunDirectory): Promise<void> {
  if (await hasResults(files)) return;
  await Promise.all([files.record, files.metrics].map((file) => rm(file, { force: true })));
}

/** Where metrics go besides decides nothing of a run. */
function isTracker(key: string): boolean {
  return key === "tracker" || key.startsWith("tracker.");
}

/** Whether a run got as far as its first checkpoint or evaluation. */
async function hasResults({ checkpoints, evaluation }: RunDirectory): Promise<boolean> {
  return existsSync(evaluation) || (await listCheckpoints(checkpoints)).length > 0;
}

/** Appends one line of metrics. */
export async function appendMetrics(files: RunDirectory, record: TrackerRecord): Promise<void> {
  await appendText(files.metrics, `${JSON.stringify(record)}\n`);
}

/** The metrics of a run, oldest first. A last line that was cut off is left out. */
export async function readMetrics(path: string): Promise<TrackerRecord[]> {
  const text = await readFile(runDirectory(path).metrics, "utf8").catch(() => "");
  const lines = text.split("\n");
  // What follows the last newline is empty, or was being written when the run was killed.
  return lines.slice(0, -1).map((line) => JSON.parse(line) as TrackerRecord);
}

/** Adds to the last line of metrics. */
export async function amendMetrics(files: RunDirectory, more: TrackerRecord): Promise<void> {
  const lines = await readMetrics(files.path);
  await writeMetrics(files, [...lines.slice(0, -1), { ...lines.at(-1), ...more }]);
}

/** Drops metrics of updates that were made after the checkpoint which a run resumes from. */
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

/** Reads a JSON file that this program wrote; nothing when there is none. */
export async function readJson<T>(path: string): Promise<T | undefined> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (cause) {
    // ENOTDIR: a file, such as a checkpoint of torch.save, is no run's directory.
    if (["ENOENT", "ENOTDIR"].includes((cause as NodeJS.ErrnoException).code ?? ""))
      return undefined;
    throw new MetaError("MISSING_FILE", `Cannot read ${path}.`, { cause });
  }
  try {
    return JSON.parse(text) as T;
  } catch (cause) {
    throw new MetaError("BAD_DATA", `${path} is not JSON. Was it edited?`, { cause });
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

/** The directory of a run: `{out}/{name}-seed{seed}`. */
export function runPath(out: string, { name, config }: NamedRun): string {
  return join(out, `${name}-seed${config.seed}`);
}
