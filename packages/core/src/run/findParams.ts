import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import {
  checkpointName,
  listCheckpoints,
  loadTrainedParams,
  readCheckpointedRun,
} from "../checkpoint/checkpoint.js";
import type { Model } from "../contracts/model.js";
import { MetaError } from "../errors.js";
import type { Params } from "../params.js";
import { runDirectory } from "./record/runDirectory.js";

/**
 * Finds the checkpoint that represents a run: its last, or, for finished training with validation,
 * its best.
 *
 * @returns nothing when there is no checkpoint; `finished` is true if training has ended
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
 * Finds the parameters that a path means. The path may be a run's directory ({@link runCheckpoint}), a
 * checkpoint, a folder of `model.safetensors` or `pytorch_model.bin`, or a file of `torch.save` or GGUF.
 *
 * @returns the folder of the parameters, or that file; nothing when there are none
 * @throws MetaError `BAD_CHECKPOINT`
 */
export async function locateParams(path: string): Promise<string | undefined> {
  const own = await runCheckpoint(path);
  for (const candidate of [own && join(own.directory, "model"), join(path, "model"), path]) {
    if (candidate && (await holdsTensors(candidate))) return candidate;
  }
  return undefined;
}

/**
 * Finds the parameters that a path means, as {@link locateParams} does.
 *
 * @throws MetaError `MISSING_FILE` when there are none; `BAD_CHECKPOINT`
 */
export async function findParams(path: string): Promise<string> {
  const found = await locateParams(path);
  if (found !== undefined) return found;
  throw new MetaError(
    "MISSING_FILE",
    `${path}: expected a run with checkpoints, a folder with model.safetensors or pytorch_model.bin, or a GGUF file, but found none. Train first, or name another folder.`,
  );
}

/**
 * Loads parameters from the path that {@link findParams} returned, or, without a path, initializes them
 * from the run's seed. The caller owns the tensors.
 *
 * @throws MetaError `MISSING_FILE` or `BAD_CHECKPOINT`
 */
export async function openParams(
  model: Model,
  { parameters, seed }: { readonly parameters: string | undefined; readonly seed: number },
): Promise<Params> {
  return parameters === undefined ? model.init(seed) : loadTrainedParams(model, parameters);
}

async function holdsTensors(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  if (found?.isFile()) return true; // its reader tells of which format it is, whatever its name
  const names = await readdir(path).catch((): string[] => []);
  return names.some((name) =>
    /^(model\.safetensors|pytorch_model\.bin)(\.index\.json)?$|\.gguf$/i.test(name),
  );
}
