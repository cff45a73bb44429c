import { join, resolve } from "node:path";
import {
  checkpointName,
  listCheckpoints,
  loadCheckpoint,
  pruneCheckpoints,
  saveCheckpoint,
} from "../checkpoint/checkpoint.js";
import { MetaError } from "../errors.js";
import { disposeParams, type Params } from "../params.js";
import { type MetaUpdate, metaTensors, metaTrain } from "../train/metaTrain.js";
import { choosePaddedLengths } from "../train/paddedLengths.js";
import { beginTracking } from "./beginTracking.js";
import { describeMachine } from "./machine.js";
import { openMetricsLog } from "./metricsLog.js";
import { type OpenRun, type RunOptions, runTitle } from "./openRun.js";
import { claimRunDirectory, rewindMetrics, runDirectory } from "./runDirectory.js";

/**
 * Trains a run in its directory, going on from its last checkpoint if it has one. A run that was
 * killed and resumed ends with the same parameters, bit for bit, as one that was not.
 *
 * @returns the final parameters, those of the learner included, which the caller owns
 * @throws MetaError `RUN_EXISTS` when the directory holds another run; `INTERRUPTED` when the
 *   signal is aborted, after a checkpoint; `NON_FINITE`
 */
export async function trainRun(run: OpenRun, options: RunOptions): Promise<Params> {
  const { config, name, signal, notify = () => {}, onEvent } = options;
  const { model, tasks, runtime, training } = run;
  const files = runDirectory(options.directory);
  const updates = training?.updates ?? 0;
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
  const { learner, optimizer } = training;
  const { batchSize, microBatch, checkpointEvery, keepCheckpoints, logEvery, hvp } = config.train;
  const { unit } = learner.episodes;
  const padding = choosePaddedLengths({ tasks, runtime, batchSize, unit });
  if (padding) {
    const share = (100 * padding.waste).toFixed(1);
    notify(
      `${runTitle(options)} pads batches to ${padding.sizes.join(", ")} tokens, so that few shapes are compiled; about ${share} % of what it computes is this padding.`,
    );
  }
  const sampler = tasks.sampler({
    seed: config.seed,
    batchSize,
    ...(padding && { paddedLengths: padding.sizes }),
  });
  const last = begunBefore ? (await listCheckpoints(files.checkpoints)).at(-1) : undefined;
  const resumed = last === undefined ? undefined : await loadCheckpoint(last, model);
  if (resumed) {
    sampler.restore(resumed.sampler);
    const what = resumed.update === updates ? "is trained already" : "goes on";
    notify(`${runTitle(options)} ${what}: checkpoint of update ${resumed.update} of ${updates}.`);
  }
  await rewindMetrics(files, resumed?.update ?? 0);
  await beginTracking(run, options);
  const log = await openMetricsLog(files, { every: logEvery, tracker: run.tracker, runtime });
  const first = resumed?.params ?? (await model.init(config.seed));

  const save = async ({ update, params, state }: MetaUpdate) => {
    const directory = join(files.checkpoints, checkpointName(update));
    await saveCheckpoint(directory, model, { update, params, state, sampler: sampler.state() });
    await pruneCheckpoints(files.checkpoints, keepCheckpoints);
  };

  const meta = metaTrain({
    model,
    learner,
    optimizer,
    sampler,
    params: first,
    consume: true,
    updates,
    hvp,
    microBatch,
    runtime,
    trainable: config.trainable,
    ...(resumed && { resume: resumed }),
    ...(signal && { signal }),
  });
  let latest: MetaUpdate | undefined;
  for await (const made of meta) {
    latest = made;
    onEvent?.({ kind: "train", done: made.update, total: updates, loss: made.loss });
    const isLast = made.update === updates || signal?.aborted === true;
    const isDue = isLast || made.update % checkpointEvery === 0;
    await log.add(made, isDue); // with every checkpoint, so that totals are whole after a resume
    if (isDue) await save(made);
  }

  const state = latest?.state ?? resumed?.state;
  if (state) for (const tensor of metaTensors(state)) tensor.dispose();
  const params = latest?.params ?? first;
  const reached = latest?.update ?? resumed?.update ?? 0;
  if (reached < updates) {
    disposeParams(params);
    throw new MetaError(
      "INTERRUPTED",
      `${runTitle(options)} stopped after update ${reached} of ${updates}. Run the same command again to go on from there.`,
    );
  }
  return params;
}
