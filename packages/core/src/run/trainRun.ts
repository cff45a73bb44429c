import { rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import {
  type Checkpoint,
  checkpointName,
  loadCheckpoint,
  pruneCheckpoints,
  saveCheckpoint,
} from "../checkpoint/checkpoint.js";
import type { RunConfig } from "../config/schema.js";
import { MetaError } from "../errors.js";
import type { MetaState } from "../optimizer.js";
import { disposeParams, type Params } from "../params.js";
import { metaTensors, metaTrain } from "../train/metaTrain.js";
import { choosePaddedLengths } from "../train/paddedLengths.js";
import { beginTracking } from "./beginTracking.js";
import { lastCheckpoint } from "./lastCheckpoint.js";
import { describeMachine } from "./machine.js";
import { openMetricsLog } from "./metricsLog.js";
import { type OpenRun, type RunOptions, runTitle } from "./openRun.js";
import { claimRunDirectory, rewindMetrics, runDirectory } from "./runDirectory.js";
import { bestOf, validate } from "./validation.js";

/**
 * Trains a run in its directory, going on from its last checkpoint that is whole if it has one. A run
 * that was killed and resumed ends with the same parameters, bit for bit, as one that was not.
 *
 * @returns the final parameters, or with `train.validate` the best, those of the learner included;
 *   the caller owns them
 * @throws MetaError `RUN_EXISTS` when the directory holds another run; `RUN_LOCKED` when another
 *   process is at work in it; `INTERRUPTED` when the signal is aborted, after a checkpoint;
 *   `NON_FINITE`, when the state before is kept; `DISK_FULL`
 */
export async function trainRun(run: OpenRun, options: RunOptions): Promise<Params> {
  const { config, name, notify = () => {} } = options;
  const { model, tasks, runtime, training } = run;
  const files = runDirectory(options.directory);
  // Whether there is anything to train on should show before anything is written.
  if (training) tasks.sampler({ seed: config.seed, batchSize: config.train.batchSize });
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

  if (!training) return model.init(config.seed);
  const resumed = begunBefore
    ? await lastCheckpoint(files.checkpoints, model, (message) =>
        notify(`${runTitle(options)}: ${message}`),
      )
    : undefined;
  if (resumed) {
    const what = resumed.run?.finished ? "is trained already" : "goes on";
    notify(`${runTitle(options)} ${what}: checkpoint of update ${resumed.update} of ${updates}.`);
  }
  await rewindMetrics(files, resumed?.update ?? 0);
  await beginTracking(run, options);
  const end = resumed?.run?.finished
    ? resumed
    : await train({ ...run, training }, options, resumed);
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
  run: OpenRun & Required<Pick<OpenRun, "training">>,
  options: RunOptions,
  resumed: Checkpoint | undefined,
): Promise<Checkpoint> {
  const { config, signal, notify = () => {}, onEvent } = options;
  const { model, tasks, runtime } = run;
  const { learner, optimizer, updates } = run.training;
  const { batchSize, microBatch, keepCheckpoints, logEvery, hvp } = config.train;
  const { every = 0, patience = Number.POSITIVE_INFINITY } = config.train.validate ?? {};
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
    runtime,
    trainable: config.trainable,
    ...(resumed && { resume: resumed }),
    ...(signal && { signal }),
  });
  const isTime = checkpointTimer(config.train);
  let best = resumed?.run?.best;
  let latest: Checkpoint | undefined = resumed;
  try {
    for await (const made of meta) {
      const { update, params, state } = made;
      latest = { update, params, state, sampler: sampler.state() };
      const { loss, gradientNorm, learningRate, tokens, seconds } = made;
      const numbers = { loss, gradientNorm, learningRate, tokens, seconds };
      await onEvent?.({ kind: "train", done: update, total: updates, ...numbers });
      const isLast = update === updates;
      const validates = every > 0 && (isLast || update % every === 0);
      const devScore = validates ? await validate(run, params, config) : undefined;
      if (devScore !== undefined) {
        best = bestOf(best, { update, score: devScore });
        const isBest = best.update === update;
        await onEvent?.({ kind: "validate", update, score: devScore, isBest });
        const comment = isBest ? ", the best so far" : "";
        notify(
          `${title}: ${(100 * devScore).toFixed(1)} on dev tasks at update ${update}${comment}`,
        );
      }
      const givesUp = best !== undefined && best.since >= patience;
      if (givesUp && !isLast) {
        notify(
          `${title} stops early, at update ${update} of ${updates}: the best score on dev tasks is that of update ${best?.update}.`,
        );
      }
      const finished = isLast || givesUp;
      const isDue = isTime(update) || finished || validates || signal?.aborted === true;
      // With every checkpoint, so that totals are whole after a resume.
      await log.add(made, isDue, devScore === undefined ? {} : { devScore });
      latest = { ...latest, run: { config, finished, ...(best && { best }) } };
      if (isDue) {
        const directory = join(files.checkpoints, checkpointName(update));
        await saveCheckpoint(directory, model, latest);
        await pruneCheckpoints(files.checkpoints, keepCheckpoints, best?.update);
        await onEvent?.({ kind: "checkpoint", update, directory });
      }
      if (finished) return latest;
    }
    throw new MetaError(
      "INTERRUPTED",
      `${title} stopped after update ${latest?.update ?? 0} of ${updates}. Run the same command again to go on from there.`,
    );
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
