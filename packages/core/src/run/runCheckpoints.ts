import { join } from "node:path";
import {
  type Checkpoint,
  checkpointName,
  pruneCheckpoints,
  saveCheckpoint,
} from "../checkpoint/checkpoint.js";
import type { RunConfig } from "../config/schema.js";
import { disposeMetaState } from "../contracts/optimizer.js";
import { disposeParams } from "../params.js";
import type { Run } from "./openRun.js";

/** Writes a checkpoint of a run, and deletes old ones beyond `train.keepCheckpoints`. @throws MetaError `DISK_FULL`, `WRITE_FAILED`; `RUN_LOCKED` if the lock was lost */
export async function saveRunCheckpoint(
  { config, files, model, emit, lock }: Run,
  checkpoint: Checkpoint,
): Promise<void> {
  await lock();
  const { update, run } = checkpoint;
  const directory = join(files.checkpoints, checkpointName(update));
  await saveCheckpoint(directory, model, checkpoint);
  await pruneCheckpoints(files.checkpoints, config.train.keepCheckpoints, run?.best?.update);
  await emit({ kind: "checkpoint", update, directory });
}

/** Makes a function that is true for updates after which a checkpoint is due, by count or by elapsed time. */
export function checkpointTimer({
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

/** Frees the tensors of a checkpoint. */
export function disposeCheckpoint({ params, state }: Checkpoint): void {
  disposeParams(params);
  disposeMetaState(state);
}
