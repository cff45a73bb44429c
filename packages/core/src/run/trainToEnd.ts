import { rm } from "node:fs/promises";
import { type Checkpoint, type CheckpointedRun, saveCheckpoint } from "../checkpoint/checkpoint.js";
import type { TaskSampler } from "../contracts/task.js";
import { MetaError } from "../errors.js";
import { disposeParams, type Params } from "../params.js";
import { type MetaUpdate, metaTrain, requireFiniteUpdate } from "../train/metaTrain.js";
import type { Run, TrainingRun } from "./openRun.js";
import { type MetricsLog, openMetricsLog } from "./record/metricsLog.js";
import { amendMetrics } from "./record/runMetrics.js";
import { checkpointTimer, disposeCheckpoint, saveRunCheckpoint } from "./runCheckpoints.js";
import { beginTracking } from "./tracking/beginTracking.js";
import { trainingSampler } from "./trainingSampler.js";
import { openValidator, type Validator } from "./validator.js";

/**
 * Trains a run, from its start or from a checkpoint, until all updates are made or validation stops it.
 *
 * @param resumed the checkpoint to resume from, if any; its tensors are freed during training
 * @returns the final state, saved as a checkpoint; the caller owns its tensors
 * @throws MetaError `INTERRUPTED` or `NON_FINITE`, like {@link trainRun}
 */
export async function trainToEnd(
  run: TrainingRun,
  resumed: Checkpoint | undefined,
): Promise<Checkpoint> {
  const { emit, signal } = run;
  const { start, sampler, steps, log, validator } = await prepare(run, resumed);
  const checkpointIsDue = checkpointTimer(run.config.train);
  let latest = resumed;
  try {
    if (resumed?.run?.awaitsValidation) {
      const ended = await validateResumed(run, resumed, validator);
      if (ended) return ended;
    }
    for await (const step of steps) {
      // Tracking starts after the first update, so that a run that fails at once is not tracked.
      if (latest === resumed) await beginTracking(run);
      const { update, params, state, ...numbers } = step;
      latest = { update, params, state, sampler: sampler.state() };
      await emit(trainEvent(run, update, numbers));
      const validates = validator.isDue(update);
      const validation = validates ? await validator.score(latest) : undefined;
      const awaitsValidation = validates && !validation; // validation was interrupted
      const finished = !awaitsValidation && validator.endsTraining(update);
      const saves = checkpointIsDue(update) || validates || finished || signal?.aborted === true;
      // A line with every checkpoint, so that totals are complete after resuming.
      await log.add(step, saves, validation);
      const reached = { finished, ...(awaitsValidation && { awaitsValidation }) };
      latest = checkpointOf(run, latest, reached, validator);
      if (saves) {
        requireFiniteUpdate(update, params);
        await saveRunCheckpoint(run, latest);
      }
      if (finished) return latest;
    }
    throw interrupted(run, latest?.update ?? 0);
  } catch (error) {
    throw await settle(run, error, { latest, start });
  }
}

/** The parts of meta-training, before its first update. */
interface Prepared {
  /** Initial parameters. */
  readonly start: Params;
  readonly sampler: TaskSampler;
  /** Meta-updates, each computed when it is asked for. */
  readonly steps: AsyncIterable<MetaUpdate>;
  readonly log: MetricsLog;
  readonly validator: Validator;
}

async function prepare(run: TrainingRun, resumed: Checkpoint | undefined): Promise<Prepared> {
  const { config, title, files, model, runtime, training, signal, notify } = run;
  try {
    await rm(files.failure, { recursive: true, force: true });
    const { sampler, padding } = trainingSampler(run);
    if (padding) {
      const share = (100 * padding.waste).toFixed(1);
      notify(
        `${title} pads batches to ${padding.sizes.join(", ")} tokens, so that few shapes are compiled; about ${share} % of its tokens are padding.`,
      );
    }
    if (resumed) sampler.restore(resumed.sampler);
    const every = config.train.logEvery;
    const log = await openMetricsLog(files, { every, tracker: run.tracker, runtime });
    const start = resumed?.params ?? (await model.init(config.seed));
    const steps = metaTrain({
      ...training,
      ...run.compute,
      checkSecondOrder: run.config.train.checkSecondOrder,
      model,
      sampler,
      params: start,
      consume: true,
      runtime,
      ...(resumed && { resume: resumed }),
      ...(signal && { signal }),
    });
    return { start, sampler, steps, log, validator: openValidator(run, resumed?.run?.best) };
  } catch (error) {
    if (resumed) disposeCheckpoint(resumed);
    throw error;
  }
}

/**
 * Runs the validation that was due when the run was interrupted.
 *
 * @returns the final state if training ends here
 */
async function validateResumed(
  run: TrainingRun,
  resumed: Checkpoint,
  validator: Validator,
): Promise<Checkpoint | undefined> {
  const validation = await validator.score(resumed);
  if (!validation) throw interrupted(run, resumed.update);
  await amendMetrics(run.files, validation);
  if (!validator.endsTraining(resumed.update)) return undefined;
  const ended = checkpointOf(run, resumed, { finished: true }, validator);
  await saveRunCheckpoint(run, ended);
  await beginTracking(run);
  return ended;
}

/**
 * Frees the tensors of training that failed. Before a loss or gradient that is not finite, the state is
 * saved.
 *
 * @returns the error to throw
 */
async function settle(
  { title, files, model }: Run,
  error: unknown,
  { latest, start }: { readonly latest: Checkpoint | undefined; readonly start: Params },
): Promise<unknown> {
  if (!latest) {
    disposeParams(start); // no update has taken them over
    return error;
  }
  try {
    if (!(error instanceof MetaError && error.code === "NON_FINITE")) return error;
    await saveCheckpoint(files.failure, model, latest);
    return new MetaError(
      "NON_FINITE",
      `${title}: ${error.detail} The state after update ${latest.update} is in ${files.failure}.`,
      { cause: error },
    );
  } finally {
    disposeCheckpoint(latest);
  }
}

function trainEvent(
  { training }: TrainingRun,
  done: number,
  numbers: Omit<MetaUpdate, "update" | "params" | "state">,
) {
  const { loss, gradientNorm, learningRate, tokens, seconds } = numbers;
  const { updates: total } = training;
  return { kind: "train", done, total, loss, gradientNorm, learningRate, tokens, seconds } as const;
}

/** The checkpoint of a state, with the run's config and progress. */
function checkpointOf(
  { config }: Run,
  at: Checkpoint,
  reached: Pick<CheckpointedRun, "finished" | "awaitsValidation">,
  validator: Validator,
): Checkpoint {
  const best = validator.best();
  return { ...at, run: { config, ...reached, ...(best && { best }) } };
}

function interrupted({ title, training }: TrainingRun, update: number): MetaError {
  return new MetaError(
    "INTERRUPTED",
    `${title} stopped after update ${update} of ${training.updates}. Run the same command again to resume.`,
  );
}
