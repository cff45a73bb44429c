import type { RunConfig } from "../config/schema.js";
import { learnerParams, modelParams, withMetaParams } from "../contracts/learnerParams.js";
import { isLanguageModel, type Model } from "../contracts/model.js";
import { stateTensors } from "../contracts/optimizer.js";
import { compileSeconds } from "../contracts/runtime.js";
import { isBaseline } from "../evaluate/answerMethods.js";
import { tokensAtOnce } from "../evaluate/tokensAtOnce.js";
import { freeze } from "../objective/freeze.js";
import { countParams, disposeParams, type Params } from "../params.js";
import { openRun, type Run, type RunOptions } from "../run/openRun.js";
import { peakBytes } from "../run/record/peakBytes.js";
import { findEarlierRun } from "./earlierRuns.js";
import { type EvaluationLoad, evaluationLoad, shareOf, validationLoad } from "./evaluationLoad.js";
import { measureEvaluation, measureTraining } from "./measureRun.js";
import { type TrainingLoad, trainingLoad } from "./trainingLoad.js";

/** Estimated cost of a run, in one process on this machine. */
export interface RunPlan {
  readonly name: string;
  readonly seed: number;
  readonly directory: string;
  /** Number of scalars in model and learner parameters. */
  readonly parameters: number;
  /** Absent for a run without training. */
  readonly training?: TrainingLoad;
  readonly evaluation: EvaluationLoad;
  /** All validations together; absent if there are none. */
  readonly validation?: EvaluationLoad;
  /** Bytes of checkpoints, including the one being written. */
  readonly diskBytes: number;
  /**
   * Lower bound of the process's memory: parameters, optimizer and learner state, and tokens being scored.
   * Activations that training keeps are known only to the engine.
   */
  readonly leastBytes: number;
  /** Absent if the machine has less memory than `leastBytes`; nothing was measured then. */
  readonly estimate?: RunEstimate;
}

/** Estimated time and memory of a run. */
export interface RunEstimate {
  /** Source of the estimate: trial updates and questions, or an earlier run's directory. */
  readonly from: "measurement" | { readonly directory: string };
  readonly trainSeconds: number;
  readonly evaluateSeconds: number;
  /** Seconds of all validations, including any that early stopping would skip. */
  readonly validateSeconds: number;
  /** Seconds of compilation so far; more shapes may follow. */
  readonly compileSeconds: number;
  /** Peak resident memory of the process, earlier runs in it included. */
  readonly peakBytes: number;
}

/**
 * Estimates the cost of a run: opens data and model, reads the first episodes and questions, and, unless an
 * earlier run in the same folder recorded it, runs a few updates and questions. Writes nothing except what the
 * task source caches.
 *
 * @throws what {@link openRun} throws
 */
export async function planRun(options: RunOptions): Promise<RunPlan> {
  const run = await openRun(options);
  const { config, name, directory, model, training, runtime } = run;
  try {
    const asksModel = !isBaseline(config.evaluate.method);
    const given = training || asksModel ? await model.init(config.seed) : {};
    const params = training ? withMetaParams(training.learner, given) : given;
    const kept = keptBytes(run, params);
    const load = training && trainingLoad({ ...run, training });
    const counted = await evaluationLoad(run, run.tasks.targets, config.evaluate.seeds);
    const evaluation = asksModel ? counted : { ...counted, tokens: 0 };
    const validation = load && (await validationLoad(run, load.updates, config.train));
    const leastBytes =
      kept.checkpoint +
      kept.working +
      Math.max(
        asksModel || validation ? scoringBytes(model, counted) : 0,
        activations(model, load),
      );
    const plan = {
      name,
      seed: config.seed,
      directory,
      parameters: countParams(params),
      ...(load && { training: load }),
      evaluation,
      ...(validation && { validation }),
      diskBytes: kept.checkpoint * (load ? mostCheckpoints(load.updates, config.train) : 0),
      leastBytes,
    };
    const validateSeconds = (evaluateSeconds: number) =>
      validation ? evaluateSeconds * shareOf(validation, counted) : 0;
    const earlier = await findEarlierRun(directory, config, runtime);
    if (earlier?.secondsPerSeed !== undefined) {
      const { secondsPerUpdate, secondsPerSeed, compileSeconds, peakBytes } = earlier;
      const estimate: RunEstimate = {
        from: { directory: earlier.directory },
        trainSeconds: secondsPerUpdate * (load?.updates ?? 0),
        evaluateSeconds: secondsPerSeed * config.evaluate.seeds.length,
        validateSeconds: validateSeconds(secondsPerSeed * config.evaluate.seeds.length),
        compileSeconds,
        peakBytes,
      };
      disposeParams(params);
      return { ...plan, estimate };
    }
    if (leastBytes - kept.parameters > process.availableMemory()) {
      disposeParams(params);
      return plan;
    }
    const trainSeconds = load ? await measureTraining(run, { params, load }) : 0;
    const scoring =
      asksModel || validation ? await measureEvaluation(run, { params, load: counted }) : 0;
    disposeParams(params);
    const estimate: RunEstimate = {
      from: "measurement",
      trainSeconds,
      evaluateSeconds: asksModel ? scoring : 0,
      validateSeconds: validateSeconds(scoring),
      compileSeconds: compileSeconds(runtime.compilations()),
      peakBytes: peakBytes(),
    };
    return { ...plan, estimate };
  } finally {
    await run.close();
  }
}

/** Maximum number of checkpoints on disk at once, including the one being written. */
function mostCheckpoints(
  updates: number,
  { checkpointEvery, keepCheckpoints, validate }: RunConfig["train"],
): number {
  const every = Math.min(checkpointEvery, validate?.every ?? checkpointEvery);
  return Math.min(Math.ceil(updates / every), keepCheckpoints + 1 + (validate ? 1 : 0));
}

/** Bytes that a run holds between updates, and that one update allocates. */
function keptBytes(
  { model, training, compute: { trainable = ["*"] } }: Run,
  params: Params,
): { parameters: number; checkpoint: number; working: number } {
  const parameters = bytesOf(Object.values(params));
  if (!training) return { parameters, checkpoint: parameters, working: 0 };
  const part = freeze(model, modelParams(params), trainable).trained;
  const trained = { ...part, ...learnerParams(params) };
  const gradients = bytesOf(Object.values(trained));
  const state = training.optimizer.init(trained);
  const moments = stateTensors(state);
  const checkpoint = parameters + bytesOf(moments);
  for (const tensor of moments) tensor.dispose();
  // An inner loop holds a task's adapted parameters and a second gradient.
  const inner = training.learner.episodes.support > 0 ? 2 * gradients : 0;
  return { parameters, checkpoint, working: gradients + inner };
}

function bytesOf(tensors: readonly { readonly size: number }[]): number {
  return tensors.reduce((sum, { size }) => sum + 4 * size, 0); // float32 and int32 alike
}

function scoringBytes(model: Model, { questions }: EvaluationLoad): number {
  if (!isLanguageModel(model) || questions === 0) return 0;
  const context = model.maxTokens;
  return tokensAtOnce(model, context) * (model.bytesPerToken?.(context) ?? 0);
}

function activations(model: Model, load: TrainingLoad | undefined): number {
  if (!isLanguageModel(model) || !load) return 0;
  return load.tokensAtOnce * (model.bytesPerToken?.(load.longest) ?? 0);
}
