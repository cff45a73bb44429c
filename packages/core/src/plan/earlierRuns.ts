import { readdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { computeOptionsOf, type RunConfig } from "../config/schema.js";
import type { TensorRuntime } from "../contracts/runtime.js";
import { readEvaluation } from "../run/record/evaluationRecord.js";
import { readRunRecord, runDirectory } from "../run/record/runDirectory.js";
import { readMetrics } from "../run/record/runMetrics.js";

/** Cost of an earlier run with the same configuration and engine. */
export interface EarlierRun {
  readonly directory: string;
  /** Seconds per meta-update, compiling excluded. */
  readonly secondsPerUpdate: number;
  readonly compileSeconds: number;
  /** Seconds per set of demonstrations on all targets; absent if the evaluation differed. */
  readonly secondsPerSeed?: number;
  readonly peakBytes: number;
}

/**
 * Finds a run in or beside `directory` with the same work per update: configs may differ only in seeds,
 * length, and intervals of logs and checkpoints.
 */
export async function findEarlierRun(
  directory: string,
  config: RunConfig,
  { name, device, version }: Pick<TensorRuntime, "name" | "device" | "version">,
): Promise<EarlierRun | undefined> {
  const folder = dirname(directory);
  const names = await readdir(folder).catch((): string[] => []);
  for (const candidate of names.sort().map((entry) => join(folder, entry))) {
    const record = await readRunRecord(runDirectory(candidate)).catch(() => undefined);
    if (!record || !isDeepStrictEqual(record.engine, { name, device, version })) continue;
    if (!isDeepStrictEqual(workOf(record.config), workOf(config))) continue;
    const last = (await readMetrics(candidate)).at(-1);
    if (record.updates > 0 && !last) continue; // it had only started
    const compiling = Number(last?.compileSeconds ?? 0);
    const evaluation = await readEvaluation(candidate).catch(() => undefined);
    const { seeds: _, ...scoring } = config.evaluate;
    const { seeds, ...theirs } = record.config.evaluate;
    return {
      directory: candidate,
      secondsPerUpdate: last ? (Number(last.seconds) - compiling) / Number(last.update) : 0,
      compileSeconds: compiling,
      ...(evaluation &&
        isDeepStrictEqual(scoring, theirs) && {
          secondsPerSeed: evaluation.seconds / seeds.length,
        }),
      peakBytes: Math.max(Number(last?.peakBytes ?? 0), evaluation?.peakBytes ?? 0),
    };
  }
  return undefined;
}

/** Config keys that determine the time of an update. */
function workOf(config: RunConfig) {
  const { seed: _seed, tracker: _tracker, evaluate: _evaluate, train, ...rest } = config;
  const { batchSize } = train;
  // As JSON: records have no undefined values.
  return JSON.parse(JSON.stringify({ ...rest, batchSize, ...computeOptionsOf(config) }));
}
