import { rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import {
  type Checkpoint,
  type CheckpointedRun,
  checkpointName,
  loadCheckpoint,
  pruneCheckpoints,
  saveCheckpoint,
} from "../checkpoint/checkpoint.js";
import type { RunConfig } from "../config/schema.js";
import type { MetaState } from "../contracts/optimizer.js";
import { isWrongInput, MetaError } from "../errors.js";
import { isBaseline } from "../evaluate/answerMethods.js";
import { disposeParams, type Params } from "../params.js";
import { metaTensors, metaTrain } from "../train/metaTrain.js";
import { choosePaddedLengths } from "../train/paddedLengths.js";
import { beginTracking } from "./beginTracking.js";
import { checkTargets } from "./checkTargets.js";
import { lastCheckpoint } from "./lastCheckpoint.js";
import { describeMachine } from "./machine.js";
import { openMetricsLog } from "./metricsLog.js";
import { type OpenRun, type RunOptions, runTitle } from "./openRun.js";
import {
  amendMetrics,
  claimRunDirectory,
  rewindMetrics,
  runDirectory,
  unclaimRunDirectory,
} from "./runDirectory.js";
import { openJudge } from "./validation.js";

/** A run that trains. */
type TrainingRun = OpenRun & Required<Pick<OpenRun, "training">>;

/**
 * Trains a run in its directory, going on from its last checkpoint that is whole if it has one. A run
 * that was killed and resumed ends with the same parameters, bit for bit, as one that was not. One
 * that cannot even begin, because something in its config, data or weights is wrong, leaves nothing.
 *
 * @returns the final parameters, or with `train.validate` the best, those of the learner included;
 *   none where nothing trains and evaluation asks no model; the caller owns them
 * @throws MetaError `RUN_EXISTS` when the directory holds another run; `RUN_LOCKED` when another
 *   process is at work in it; `INTERRUPTED` when the signal is aborted, after a checkpoint;
 *   `NON_FINITE`, when the state before is kept; `DISK_FULL`
 */
export async function trainRun(run: OpenRun, options: RunOptions): Promise<Params> {
  const { config, name } = options;
  const { model, tasks, runtime, training } = run;
  const files = runDirectory(options.directory);
  // Whether there is anything to train on should show before anything is written.
  if (training) tasks.sampler({ seed: config.seed, batchSize: config.train.batchSize });
  const seeds = training && config.train.validate?.seeds;
  if (seeds) checkTargets(tasks.devTargets ?? [], { seeds, key: "train.validate.seeds" });
  const updates = training?.updates ?? 0;
  await run.lock();
  const begunBefore = await claimRunDirectory(files, {
    format: 1,
    name,
    config,
    plugins: options.toolkit.plugins.map((plugin) => plugin.origin ?? plugin.name),
    ...(options.configFile && { configFile: resolve(options.configFile) }),
    updates,
    engine: { name: runtime.name, device: runtime.device, version: runtime.version },
    versions: {
      node: process.versions.node,
      ...Object.fromEntries(options.toolkit.plugins.map((p) => [p.name, p.version ?? "unknown"])),
    },
    data: tasks.fingerprints,
    trainingTasks: tasks.trainingTasks,
    machine: describeMachine(),
    created: new Date().toISOString(),
  });

  try {
    if (training) return await trainClaimed({ ...run, training }, options, begunBefore);
    return isBaseline(config.evaluate.method) ? {} : await model.init(config.seed);
  } catch (error) {
    if (isWrongInput(error)) await unclaimRunDirectory(files);
    throw error;
  }
}

/** Trains, or reads what was trained before, in a directory that is the run's. */
async function trainClaimed(
  run: TrainingRun,
  options: RunOptions,
  begunBefore: boolean,
): Promise<Params> {
  const { notify = () => {} } = options;
  const { model, training } = run;
  const files = runDirectory(options.directory);
  const resumed = begunBefore
    ? await lastCheckpoint(files.checkpoints, model, (message) =>
        notify(`${runTitle(options)}: ${message}`),
      )
    : undefined;
  if (resumed) {
    const what = resumed.run?.finished ? "is trained already" : "goes on";
    notify(
      `${runTitle(options)} ${what}: checkpoint of update ${resumed.update} of ${training.updates}.`,
    );
  }
  await rewindMetrics(files, resumed?.update ?? 0);
  if (resumed?.run?.finished) await beginTracking(run, options);
  const end = resumed?.run?.finished ? resumed : await train(run, options, resumed);
  disposeTensors(end.state);
  const best = end.run?.best?.update ?? end.update;
  if (best === end.update) return end.params;
  disposeParams(end.params);
  const { params, state } = await loadCheckpoint(
    join(files.checkpoints, checkpointName(best)),
    model,
  );
  disposeTensors(state);
  return params;
}

/** Trains to the end, whose state is returned. */
async function train(
  run: TrainingRun,
  options: RunOptions,
  resumed: Checkpoint | undefined,
): Promise<Checkpoint> {
  const { config, signal, notify = () => {}, onEvent } = options;
  const { model, tasks, runtime } = run;
  const { learner, optimizer, updates } = run.training;
  const { batchSize, microBatch, gradientCheckpointing, keepCheckpoints, logEvery, hvp } =
    config.train;
  const title = runTitle(options);
  const files = runDirectory(options.directory);
  await rm(files.failure, { recursive: true, force: true });
  const { unit } = learner.episodes;
  const padding = choosePaddedLengths({ tasks, runtime, batchSize, unit });
  if (padding) {
    const share = (100 * padding.waste).toFixed(1);
    notify(
      `${title} pads batches to ${padding.sizes.join(", ")} tokens, so that few shapes are compiled; about ${share} % of what it computes is this padding.`,
    );
  }
  const sampler = tasks.sampler({
    seed: config.seed,
    batchSize,
    ...(padding && { paddedLengths: padding.sizes }),
  });
  if (resumed) sampler.restore(resumed.sampler);
  const log = await openMetricsLog(files, { every: logEvery, tracker: run.tracker, runtime });
  const start = resumed?.params ?? (await model.init(config.seed));
  const meta = metaTrain({
    model,
    learner,
    optimizer,
    sampler,
    params: start,
    consume: true,
    updates,
    hvp,
    microBatch,
    gradientCheckpointing,
    runtime,
    trainable: config.trainable,
    ...(resumed && { resume: resumed }),
    ...(signal && { signal }),
  });
  const isTime = checkpointTimer(config.train);
  const judge = openJudge(run, options, resumed?.run?.best);
  let latest: Checkpoint | undefined = resumed;
  /** The latest state with where the run stands. */
  const standing = (at: Checkpoint, now: Omit<CheckpointedRun, "config" | "best">): Checkpoint => {
    const best = judge.best();
    return { ...at, run: { config, ...now, ...(best && { best }) } };
  };
  const save = async (checkpoint: Checkpoint) => {
    const directory = join(files.checkpoints, checkpointName(checkpoint.update));
    await saveCheckpoint(directory, model, checkpoint);
    await pruneCheckpoints(files.checkpoints, keepCheckpoints, judge.best()?.update);
    await onEvent?.({ kind: "checkpoint", update: checkpoint.update, directory });
  };
  try {
    if (resumed?.run?.awaitsValidation) {
      const judged = await judge.score(resumed);
      if (!judged) throw interrupted(title, resumed.update, updates);
      await amendMetrics(files, judged);
      if (judge.isOver(resumed.update)) {
        latest = standing(resumed, { finished: true });
        await save(latest);
        await beginTracking(run, options);
        return latest;
      }
    }
    for await (const made of meta) {
      const { update, params, state } = made;
      // Not before: a run that cannot make its first update is not worth following.
      if (latest === resumed) await beginTracking(run, options);
      latest = { update, params, state, sampler: sampler.state() };
      const { loss, gradientNorm, learningRate, tokens, seconds } = made;
      const numbers = { loss, gradientNorm, learningRate, tokens, seconds };
      await onEvent?.({ kind: "train", done: update, total: updates, ...numbers });
      const validates = judge.isDue(update);
      const judged = validates ? await judge.score(latest) : undefined;
      const awaitsValidation = validates && !judged; // interrupted
      const finished = !awaitsValidation && judge.isOver(update);
      const isDue = isTime(update) || finished || validates || signal?.aborted === true;
      // With every checkpoint, so that totals are whole after a resume.
      await log.add(made, isDue, judged);
      latest = standing(latest, { finished, ...(awaitsValidation && { awaitsValidation }) });
      if (isDue) await save(latest);
      if (finished) return latest;
    }
    throw interrupted(title, latest?.update ?? 0, updates);
  } catch (error) {
    if (!latest) {
      disposeParams(start); // nothing was made of them
      throw error;
    }
    try {
      if (!(error instanceof MetaError && error.code === "NON_FINITE")) throw error;
      await saveCheckpoint(files.failure, model, latest);
      throw new MetaError(
        "NON_FINITE",
        `${title}: ${error.detail} The state after update ${latest.update} is in ${files.failure}.`,
        { cause: error },
      );
    } finally {
      disposeParams(latest.params);
      disposeTensors(latest.state);
    }
  }
}

function interrupted(title: string, update: number, updates: number): MetaError {
  return new MetaError(
    "INTERRUPTED",
    `${title} stopped after update ${update} of ${updates}. Run the same command again to go on from there.`,
  );
}

function disposeTensors(state: MetaState): void {
  for (const tensor of metaTensors(state)) tensor.dispose();
}

/** Tells of each update whether a checkpoint is due after it: by their number, or by the clock. */
function checkpointTimer({
  checkpointEvery,
  checkpointMinutes = Number.POSITIVE_INFINITY,
}: RunConfig["train"]): (update: number) => boolean {
  let last = performance.now();
  return (update) => {
    const isDue =
      update % checkpointEvery === 0 || performance.now() - last >= 60_000 * checkpointMinutes;
    if (isDue) last = performance.now();
    return isDue;
  };
}
