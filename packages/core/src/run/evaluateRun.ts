import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { checkpointName, listCheckpoints, readCheckpointedRun } from "../checkpoint/checkpoint.js";
import { writeTextAtomically } from "../checkpoint/files.js";
import { fingerprint } from "../checkpoint/fingerprint.js";
import { MetaError } from "../errors.js";
import { type Evaluation, evaluate, type ScoreStore } from "../evaluate/evaluate.js";
import { modelParams } from "../metaParams.js";
import type { Params } from "../params.js";
import { compileSeconds } from "../runtime.js";
import { beginTracking, evaluationMetrics } from "./beginTracking.js";
import { type OpenRun, type RunOptions, runTitle } from "./openRun.js";
import { peakBytes } from "./peakBytes.js";
import { readJson, runDirectory } from "./runDirectory.js";
import { openScoreLog } from "./scoreLog.js";

/** A finished evaluation of a run: `evaluation.json`. */
export interface EvaluationRecord extends Evaluation {
  readonly format: 1;
  /** The options that decide the scores. */
  readonly seeds: readonly number[];
  readonly seconds: number;
  /** Those of them in which functions were compiled. */
  readonly compileSeconds: number;
  /** The most memory that the process had resident up to the end. */
  readonly peakBytes: number;
}

/**
 * Evaluates parameters on the run's target tasks. In the directory of a run, scores are kept from
 * task to task: an interrupted evaluation goes on where it stopped, and one with more seeds computes
 * the new ones.
 *
 * @param trained the model's parameters and those of the run's learner, which has a part in adapting
 * @param keep whether to write the result to the run's directory
 * @throws MetaError `BAD_DATA`; `RUN_LOCKED` when it is to be kept, and another process is at work on
 *   the run; `INTERRUPTED` when the signal is aborted
 */
export async function evaluateRun(
  open: OpenRun,
  trained: Params,
  options: RunOptions,
  { keep = true }: { keep?: boolean } = {},
): Promise<EvaluationRecord> {
  const { config, directory, signal, onEvent } = options;
  const { model, tasks, runtime, adaptation } = open;
  if (keep) await beginTracking(open, options);
  const begun = performance.now();
  const compiledBefore = compileSeconds(runtime.compilations());
  // What the run's learner has learned is no use to another one.
  const params = typeof config.evaluate.adapt === "object" ? modelParams(trained) : trained;
  const store = await openStore(open, params, { ...options, keep });
  const { seeds, tokensPerBatch } = config.evaluate;
  try {
    const evaluation = await evaluate({
      model,
      params,
      targets: tasks.targets,
      seeds,
      adaptation,
      tokensPerBatch,
      runtime,
      store,
      ...(signal && { signal }),
      onProgress: (progress) => onEvent?.({ kind: "evaluate", ...progress }),
    });
    const seconds = (performance.now() - begun) / 1000;
    const record: EvaluationRecord = {
      format: 1,
      seeds,
      seconds,
      compileSeconds: compileSeconds(runtime.compilations()) - compiledBefore,
      peakBytes: peakBytes(),
      ...evaluation,
    };
    if (keep) {
      const text = `${JSON.stringify(record, null, 2)}\n`;
      await writeTextAtomically(runDirectory(directory).evaluation, text);
      await open.tracker?.log(evaluationMetrics(record, open.training?.updates ?? 0));
    }
    return record;
  } catch (cause) {
    if (!signal?.aborted) throw cause;
    throw new MetaError(
      "INTERRUPTED",
      `The evaluation of ${runTitle(options)} stopped. Run the same command again to ${store ? "go on from there" : "repeat it"}.`,
      { cause },
    );
  }
}

/**
 * The scores that a run's directory holds for the same parameters, data, options and programs; none
 * where the directory is not ours to write to.
 */
async function openStore(
  { runtime, tasks, adaptation, lock }: OpenRun,
  params: Params,
  { config, directory, toolkit, keep }: RunOptions & { readonly keep: boolean },
): Promise<ScoreStore | undefined> {
  const files = runDirectory(directory);
  if (!existsSync(files.record)) return undefined;
  try {
    await lock();
  } catch (error) {
    // While a run is trained, its checkpoints may be scored all the same.
    if (!keep && error instanceof MetaError && error.code === "RUN_LOCKED") return undefined;
    throw error;
  }
  return openScoreLog(files.scores, {
    params: await fingerprint(adaptation ? params : modelParams(params)),
    model: config.model,
    ...(config.adapter && { adapter: config.adapter }),
    tasks: config.tasks,
    ...(adaptation && {
      adapt: [
        config.evaluate.adapt ?? "own",
        config.train.batchSize,
        config.learner,
        config.optimizer,
        config.trainable,
      ],
    }),
    data: tasks.fingerprints,
    engine: [runtime.name, runtime.device, runtime.version],
    plugins: toolkit.plugins.map(({ name, version }) => [name, version]),
  });
}

/** The evaluation that a run's directory holds, if any. */
export async function readEvaluation(directory: string): Promise<EvaluationRecord | undefined> {
  return readJson(runDirectory(directory).evaluation);
}

/**
 * The checkpoint that stands for a run, if it has one: the last, or when training has ended and has
 * validated, the best.
 *
 * @throws MetaError `BAD_CHECKPOINT`
 */
export async function runCheckpoint(
  path: string,
): Promise<{ readonly directory: string; readonly finished: boolean } | undefined> {
  const { checkpoints } = runDirectory(path);
  const last = (await listCheckpoints(checkpoints)).at(-1);
  if (last === undefined) return undefined;
  const { finished = false, best } = (await readCheckpointedRun(last)) ?? {};
  const directory = finished && best ? join(checkpoints, checkpointName(best.update)) : last;
  return { directory, finished };
}

/**
 * The folder with the parameters of a run ({@link runCheckpoint}), of one checkpoint, or with parameters
 * in the model's own format.
 *
 * @throws MetaError `MISSING_FILE` when there is no checkpoint
 */
export async function findParams(path: string): Promise<string> {
  const own = await runCheckpoint(path);
  for (const candidate of [own && join(own.directory, "model"), join(path, "model"), path]) {
    if (candidate && (await holdsTensors(candidate))) return candidate;
  }
  throw new MetaError(
    "MISSING_FILE",
    `There is no checkpoint in ${path}: neither a run's checkpoints folder nor a model.safetensors. Train first, or name another folder.`,
  );
}

async function holdsTensors(directory: string): Promise<boolean> {
  const names = await readdir(directory).catch((): string[] => []);
  return names.includes("model.safetensors") || names.includes("model.safetensors.index.json");
}
