import { join } from "node:path";
import { type Checkpoint, checkpointName, loadCheckpoint } from "../checkpoint/checkpoint.js";
import { disposeMetaState } from "../contracts/optimizer.js";
import { isWrongInput } from "../errors.js";
import { isBaseline } from "../evaluate/answerMethods.js";
import { disposeParams, type Params } from "../params.js";
import { checkDevTargets } from "./checkTargets.js";
import { lastCheckpoint } from "./lastCheckpoint.js";
import type { Run, TrainingRun } from "./openRun.js";
import { describeRun } from "./record/describeRun.js";
import { claimRunDirectory, unclaimRunDirectory } from "./record/runDirectory.js";
import { rewindMetrics } from "./record/runMetrics.js";
import { beginTracking } from "./tracking/beginTracking.js";
import { trainToEnd } from "./trainToEnd.js";

/**
 * Trains a run in its directory, or resumes it from its last undamaged checkpoint. A run that was killed
 * and resumed ends with the same parameters, bit for bit, as one that was not. A run that fails before
 * its first results because its config, data or weights are wrong leaves no files.
 *
 * @returns the final parameters, or with `train.validate` the best, including the learner's; empty if
 *   nothing trains and the evaluation method uses no model. The caller owns the tensors.
 * @throws MetaError `RUN_EXISTS` when the directory holds another run; `RUN_LOCKED` when another
 *   process is working in it; `INTERRUPTED` when the signal is aborted, after writing a checkpoint;
 *   `NON_FINITE` for a loss or gradient, after saving the state before it; `DISK_FULL`
 */
export async function trainRun(run: Run): Promise<Params> {
  const { config, model, training, files } = run;
  if (training) checkDevTargets(run);
  await run.lock();
  const begunBefore = await claimRunDirectory(files, await describeRun(run), (text) =>
    run.notify(`${run.title}: ${text}`),
  );
  try {
    if (training) return await trainClaimed({ ...run, training }, begunBefore);
    return isBaseline(config.evaluate.method) ? {} : await model.init(config.seed);
  } catch (error) {
    if (isWrongInput(error)) await unclaimRunDirectory(files);
    throw error;
  }
}

/** Trains a run in a directory that it has claimed, or loads the result of earlier training. */
async function trainClaimed(run: TrainingRun, begunBefore: boolean): Promise<Params> {
  const { title, files, model, notify } = run;
  const resumed = begunBefore
    ? await lastCheckpoint(files.checkpoints, model, (text) => notify(`${title}: ${text}`))
    : undefined;
  const isTrained = resumed?.run?.finished === true;
  if (resumed) {
    const what = isTrained ? "is already trained" : "resumes";
    const { updates } = run.training;
    notify(`${title} ${what}: checkpoint of update ${resumed.update} of ${updates}.`);
  }
  await rewindMetrics(files, resumed?.update ?? 0, notify);
  if (isTrained) await beginTracking(run);
  return bestParams(run, isTrained ? resumed : await trainToEnd(run, resumed));
}

/** Parameters of the checkpoint that scored best on dev tasks, or of the last one without validation. */
async function bestParams({ files, model }: Run, last: Checkpoint): Promise<Params> {
  disposeMetaState(last.state);
  const best = last.run?.best?.update ?? last.update;
  if (best === last.update) return last.params;
  disposeParams(last.params);
  const found = await loadCheckpoint(join(files.checkpoints, checkpointName(best)), model);
  disposeMetaState(found.state);
  return found.params;
}
