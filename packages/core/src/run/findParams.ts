import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
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
import { runDirectory } from "./runDirectory.js";

/**
 * The checkpoint that stands for a run, if it has one: the last, or when training has ended and has
 * validated, the best.
 *
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
 * The folder with the parameters of a run ({@link runCheckpoint}), of one checkpoint, or with parameters
 * in the model's own format; or a file of tensors, as it is.
 *
 * @throws MetaError `MISSING_FILE` when there is no checkpoint
 */
export async function findParams(path: string): Promise<string> {
  const own = await runCheckpoint(path);
  for (const candidate of [own && join(own.directory, "model"), join(path, "model"), path]) {
    if (candidate && (await holdsTensors(candidate))) return candidate;
  }
  throw new MetaError(
    "MISSING_FILE",
    `There is no checkpoint in ${path}: neither a run's checkpoints folder nor a model.safetensors, a pytorch_model.bin or a GGUF file. Train first, or name another folder.`,
  );
}

/**
 * The parameters of a folder, or file, that {@link findParams} has found; without one those that a run
 * draws from its seed. The caller owns the tensors.
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
  if (/\.(safetensors|pt|pth|bin|gguf)$/i.test(path)) return existsSync(path);
  const names = await readdir(path).catch((): string[] => []);
  return names.some((name) =>
    /^(model\.safetensors|pytorch_model\.bin)(\.index\.json)?$|\.gguf$/i.test(name),
  );
}
