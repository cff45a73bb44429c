import { readdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import type { RunConfig } from "../config/schema.js";
import type { TensorRuntime } from "../contracts/runtime.js";
import { readEvaluation } from "../run/evaluationRecord.js";
import { readMetrics, readRunRecord, runDirectory } from "../run/runDirectory.js";

/** What an earlier run of the same configuration took on the same engine. */
export interface EarlierRun {
  readonly directory: string;
  /** Without compiling. */
  readonly secondsPerUpdate: number;
  readonly compileSeconds: number;
  /** Of one set of demonstrations on all targets; absent when it was evaluated otherwise, or not. */
  readonly secondsPerSeed?: number;
  readonly peakBytes: number;
}

/**
 * A run beside `directory`, or in it, that did the same work for each update: all but its seeds, its
 * length and how often it wrote something is alike.
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
    if (record.updates > 0 && !last) continue; // it had just begun
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

/** What decides how long an update takes. */
function workOf({
  seed: _seed,
  tracker: _tracker,
  evaluate: _evaluate,
  train,
  ...rest
}: RunConfig) {
  const { batchSize, microBatch, gradientCheckpointing, hvp } = train;
  // As JSON: what is undefined is not in a record.
  return JSON.parse(JSON.stringify({ ...rest, batchSize, microBatch, gradientCheckpointing, hvp }));
}
