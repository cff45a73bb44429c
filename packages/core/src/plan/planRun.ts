import type { RunConfig } from "../config/schema.js";
import { learnerParams, modelParams, withMetaParams } from "../contracts/learnerParams.js";
import { isLanguageModel, type Model } from "../contracts/model.js";
import { stateTensors } from "../contracts/optimizer.js";
import { compileSeconds } from "../contracts/runtime.js";
import { isBaseline } from "../evaluate/answerMethods.js";
import { tokensAtOnce } from "../evaluate/tokensAtOnce.js";
import { freeze } from "../objective/freeze.js";
import { countParams, disposeParams, type Params } from "../params.js";
import { type OpenRun, openRun, type RunOptions } from "../run/openRun.js";
import { peakBytes } from "../run/peakBytes.js";
import { findEarlierRun } from "./earlierRuns.js";
import { type EvaluationLoad, evaluationLoad, shareOf, validationLoad } from "./evaluationLoad.js";
import { measureEvaluation, measureTraining } from "./measureRun.js";
import { type TrainingLoad, trainingLoad } from "./trainingLoad.js";

/** What a run would take, in one process on this machine. */
export interface RunPlan {
  readonly name: string;
  readonly seed: number;
  readonly directory: string;
  /** Scalars in the model and the learner's own tensors. */
  readonly parameters: number;
  /** Absent when nothing trains. */
  readonly training?: TrainingLoad;
  readonly evaluation: EvaluationLoad;
  /** All validations together; absent when there are none. */
  readonly validation?: EvaluationLoad;
  /** Checkpoints, of which one more than are kept is there while it is written. */
  readonly diskBytes: number;
  /**
   * Parameters, what optimizer and learner keep, and what scoring takes for its tokens: the least that
   * the process will have, since what training keeps to differentiate is known only to the engine.
   */
  readonly leastBytes: number;
  /** Absent where the machine has less memory than `leastBytes`, and nothing was tried. */
  readonly estimate?: RunEstimate;
}

/** How long a run takes, and its memory. */
export interface RunEstimate {
  /** Where this comes from: some updates and questions that were tried, or an earlier run's directory. */
  readonly from: "measurement" | { readonly directory: string };
  readonly trainSeconds: number;
  readonly evaluateSeconds: number;
  /** Of all validations, by what evaluating takes; those that early stopping saves are among them. */
  readonly validateSeconds: number;
  /** What was compiled; more shapes may come. */
  readonly compileSeconds: number;
  /** The most that the process had resident. In one process, no less than for the runs before. */
  readonly peakBytes: number;
}

/**
 * What a run would take: data and model are opened, the first episodes and questions are read, and
 * where no earlier run beside it tells how long it takes, a few updates and questions are tried.
 * Nothing is written but what the data source caches.
 *
 * @throws what {@link openRun} throws
 */
export async function planRun(options: RunOptions): Promise<RunPlan> {
  const { config, name, directory } = options;
  const run = await openRun(options);
  const { model, training, runtime } = run;
  try {
    const asksModel = !isBaseline(config.evaluate.method);
    const given = training || asksModel ? await model.init(config.seed) : {};
    const params = training ? withMetaParams(training.learner, given) : given;
    const kept = keptBytes(run, params, config.trainable);
    const load = training && trainingLoad(run, training, config);
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
    const trainSeconds = load ? await measureTraining(run, { config, params, load }) : 0;
    const scoring =
      asksModel || validation ? await measureEvaluation(run, { config, params, load: counted }) : 0;
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

/** The checkpoints that may be there at once, the one included that is being written. */
function mostCheckpoints(
  updates: number,
  { checkpointEvery, keepCheckpoints, validate }: RunConfig["train"],
): number {
  const every = Math.min(checkpointEvery, validate?.every ?? checkpointEvery);
  return Math.min(Math.ceil(updates / every), keepCheckpoints + 1 + (validate ? 1 : 0));
}

/** Bytes of what a run holds from update to update, and of what it makes in one. */
function keptBytes(
  { model, training }: OpenRun,
  params: Params,
  trainable: readonly string[] = ["*"],
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
  // A learner with an inner loop holds a task's adapted parameters and a second gradient.
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
