import { access } from "node:fs/promises";
import { isAbsolute, resolve } from "node:path";
import { MetaError, type Params } from "@metalearn/core";
import { requireFinite } from "@metalearn/core/files";
import { downloadFromHub, type HubOptions } from "@metalearn/core/hub";
import { neededFiles } from "./checkpointFiles.js";
import type { NamedParameters } from "./names.js";
import { checkCheckpoint, readCheckpoint } from "./readCheckpoint.js";

/**
 * Finds a checkpoint: a local one (a path that begins with `.` or `/`), which may be a folder or a single file,
 * or a model on the Hugging Face hub, which is downloaded into Hugging Face's own cache.
 *
 * @returns its path
 * @throws MetaError `MISSING_FILE`; `BAD_CHECKPOINT` for a model without tensors
 */
export async function findCheckpoint(
  source: string,
  hub: Omit<HubOptions, "type"> = {},
): Promise<string> {
  if (!isPath(source)) return download(source, hub);
  const path = resolve(source);
  await access(path).catch((cause) => {
    throw new MetaError("MISSING_FILE", `There is no checkpoint ${path}.`, { cause });
  });
  return path;
}

/**
 * The `init` of a model that has the parameters of a checkpoint. The checkpoint is checked here but for its values.
 *
 * @param path of {@link findCheckpoint}
 * @throws MetaError `MISSING_FILE` or `BAD_CHECKPOINT`; `BAD_CHECKPOINT` from `init` where values are no numbers
 */
export async function pretrainedInit(
  path: string,
  architecture: NamedParameters,
): Promise<() => Promise<Params>> {
  await checkCheckpoint(path, architecture);
  return async () => {
    const params = await readCheckpoint(path, architecture);
    requireFinite(params, path);
    return params;
  };
}

/** Whether a source of parameters is local rather than a model on the hub. */
export function isPath(source: string): boolean {
  return source.startsWith(".") || isAbsolute(source);
}

function download(repository: string, hub: Omit<HubOptions, "type">): Promise<string> {
  return downloadFromHub(
    repository,
    (files) => {
      const needed = neededFiles(files);
      if (needed.length > 0) return needed;
      throw new MetaError(
        "BAD_CHECKPOINT",
        `"${repository}" has neither model.safetensors nor pytorch_model.bin on the hub; its files are: ${files.join(", ")}.`,
      );
    },
    hub,
  );
}
