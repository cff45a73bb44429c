import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import { listCheckpoints } from "../../checkpoint/checkpoint.js";
import { removeLeftovers, writeTextAtomically } from "../../checkpoint/files.js";
import type { NamedRun } from "../../config/runsOf.js";
import { type RunConfig, runSchema } from "../../config/schema.js";
import { MetaError } from "../../errors.js";
import type { Machine } from "./machine.js";
import { changedWeights } from "./weightDigests.js";
import { readWritten } from "./writtenFile.js";

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
  /** SHA-256 of each file of pretrained weights, by its path. Absent where there are none, as `machine` is. */
  readonly weights?: Readonly<Record<string, string>>;
  /** Names of the meta-training tasks. Absent in records of earlier versions, like `machine`. */
  readonly trainingTasks?: readonly string[];
  readonly machine?: Machine;
  /** ISO 8601 time. */
  readonly created: string;
}

const texts = z.record(z.string(), z.string());

const recordSchema = z.looseObject({
  format: z.literal(1),
  name: z.string().min(1),
  config: runSchema,
  plugins: z.array(z.string()),
  configFile: z.string().optional(),
  updates: z.int().min(0),
  engine: z.looseObject({ name: z.string(), device: z.string(), version: z.string() }),
  versions: texts,
  data: texts,
  weights: texts.optional(),
  trainingTasks: z.array(z.string()).optional(),
  machine: z
    .looseObject({
      system: z.string(),
      processor: z.string(),
      threads: z.int().min(1),
      memoryBytes: z.number().min(0),
    })
    .optional(),
  created: z.iso.datetime("expected a time such as 2026-01-31T12:00:00Z"),
});

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
  return readWritten(record, recordSchema);
}

/**
 * Claims a directory for a run: writes its record, or checks that the record there is of the same run.
 * If only `evaluate` differs, training is kept and the evaluation deleted. A run without results is
 * overwritten.
 *
 * @param tell called with a sentence if the run began with other pretrained weights
 * @returns true if the run was started before
 * @throws MetaError `RUN_EXISTS` when the directory holds results of another config or other data
 */
export async function claimRunDirectory(
  files: RunDirectory,
  run: RunRecord,
  tell: (message: string) => void = () => {},
): Promise<boolean> {
  await removeLeftovers(files.path);
  const before = await readRunRecord(files);
  const write = (record = run) =>
    writeTextAtomically(files.record, `${JSON.stringify(record, null, 2)}\n`);
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
    const problem = changedWeights(before.weights, run.weights);
    if (problem !== undefined) tell(problem);
    if (changed.length > 0) {
      await rm(files.evaluation, { force: true });
      await write({ ...run, ...(before.weights && { weights: before.weights }) });
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
