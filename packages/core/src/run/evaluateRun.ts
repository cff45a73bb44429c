import { existsSync } from "node:fs";
import { copyFile, mkdir } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { writeTextAtomically } from "../checkpoint/files.js";
import { fingerprint } from "../checkpoint/fingerprint.js";
import { modelParams } from "../contracts/learnerParams.js";
import { compileSeconds } from "../contracts/runtime.js";
import { MetaError } from "../errors.js";
import { isBaseline } from "../evaluate/answerMethods.js";
import {
  type EvaluationTargets,
  evaluate,
  evaluateBaseline,
  type ScoreStore,
} from "../evaluate/evaluate.js";
import type { Params } from "../params.js";
import { checkTargets } from "./checkTargets.js";
import type { Run } from "./openRun.js";
import type { EvaluationRecord } from "./record/evaluationRecord.js";
import { peakBytes } from "./record/peakBytes.js";
import { openPredictionLog, type PredictionLog } from "./record/predictionLog.js";
import { openScoreLog, scoreKey } from "./record/scoreLog.js";
import { beginTracking, evaluationMetrics } from "./tracking/beginTracking.js";

/** Options of {@link evaluateRun}. */
export interface EvaluateRunOptions {
  /** If true, the result is written to the run's directory. @default true */
  readonly keep?: boolean;
  /** File that receives the answers to all questions, as JSON lines. @default none */
  readonly predictionsFile?: string | undefined;
}

/**
 * Evaluates parameters on the run's target tasks. Each task's score is saved in the run's directory, so
 * an interrupted evaluation resumes where it stopped, and one with more seeds computes only the new ones.
 *
 * @param trained the model's parameters, and the learner's, which are used for adaptation only
 * @throws MetaError `BAD_DATA`; `RUN_LOCKED` when the result is to be kept and another process is
 *   working on the run; `INTERRUPTED` when the signal is aborted
 */
export async function evaluateRun(
  run: Run,
  trained: Params,
  options: EvaluateRunOptions = {},
): Promise<EvaluationRecord> {
  const { keep = true, predictionsFile } = options;
  const { config, directory, files, model, tasks, runtime, adaptation, signal } = run;
  const { method, seeds, tokensPerBatch, maxNewTokens } = config.evaluate;
  checkTargets(run);
  if (keep) await beginTracking(run);
  const begun = performance.now();
  const compiledBefore = compileSeconds(runtime.compilations());
  // Another learner cannot use the parameters of the run's own.
  const params = typeof config.evaluate.adapt === "object" ? modelParams(trained) : trained;
  const { store, answers } = await openLogs(run, params, { keep, predictionsFile });
  const asked: EvaluationTargets = {
    targets: tasks.targets,
    seeds,
    store,
    ...(signal && { signal }),
    answers,
    onProgress: (progress) => run.emit({ kind: "evaluate", ...progress }),
  };
  try {
    const evaluation = isBaseline(method)
      ? await evaluateBaseline(method, asked)
      : await evaluate({
          ...{ ...asked, method, model, params, adaptation },
          ...{ tokensPerBatch, maxNewTokens, runtime, notify: run.notify },
        });
    const seconds = (performance.now() - begun) / 1000;
    const record: EvaluationRecord = {
      format: 1,
      seeds,
      seconds,
      compileSeconds: compileSeconds(runtime.compilations()) - compiledBefore,
      peakBytes: peakBytes(),
      ...(store && answers && { predictions: relative(directory, answers.file) }),
      ...evaluation,
    };
    if (answers && predictionsFile && answers.file !== predictionsFile) {
      await mkdir(dirname(predictionsFile), { recursive: true });
      await copyFile(answers.file, predictionsFile);
    }
    if (keep) {
      await run.lock();
      const text = `${JSON.stringify(record, null, 2)}\n`;
      await writeTextAtomically(files.evaluation, text);
      await run.tracker?.log(evaluationMetrics(record, run.training?.updates ?? 0));
    }
    return record;
  } catch (cause) {
    if (!signal?.aborted) throw cause;
    throw new MetaError(
      "INTERRUPTED",
      `The evaluation of ${run.title} stopped. Run the same command again to ${store ? "resume" : "repeat"} it.`,
      { cause },
    );
  }
}

/** The files that an evaluation reads earlier results from and appends new ones to. */
interface Logs {
  /** Absent where the run's directory is not written to. */
  readonly store?: ScoreStore;
  /** Absent where answers are not kept. */
  readonly answers?: PredictionLog;
}

/** Opens the logs for exactly these parameters, data, options and versions. */
async function openLogs(
  { config, files, plugins, runtime, tasks, adaptation, lock }: Run,
  params: Params,
  { keep, predictionsFile }: EvaluateRunOptions,
): Promise<Logs> {
  if (!existsSync(files.record) || !(await isOurs(lock, keep))) {
    return predictionsFile ? { answers: await openPredictionLog(predictionsFile) } : {};
  }
  const { method, predictions, maxNewTokens } = config.evaluate;
  const key = scoreKey({
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
    plugins: plugins.map(({ name, version }) => [name, version]),
    ...(method !== "likelihood" && { method }),
    ...(tasks.targets.some((target) => "isFreeForm" in target && target.isFreeForm) && {
      maxNewTokens,
    }),
  });
  const store = await openScoreLog(files.scores, key);
  if (!predictions && !predictionsFile) return { store };
  const file = join(files.predictions, `${key.slice(0, 16)}.jsonl`);
  return { store, answers: await openPredictionLog(file, store) };
}

/**
 * True if this process may write to the run's directory. While another process trains the run, its
 * checkpoints can be scored, without keeping the result.
 */
async function isOurs(lock: Run["lock"], keep: boolean | undefined): Promise<boolean> {
  try {
    await lock();
    return true;
  } catch (error) {
    if (!keep && error instanceof MetaError && error.code === "RUN_LOCKED") return false;
    throw error;
  }
}
