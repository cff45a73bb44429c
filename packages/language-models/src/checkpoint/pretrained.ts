import { access, stat } from "node:fs/promises";
import { isAbsolute, join, resolve } from "node:path";
import { MetaError, type Params, type StoredWeights } from "@metalearn/core";
import { requireFinite } from "@metalearn/core/files";
import { downloadFromHub, type HubOptions } from "@metalearn/core/hub";
import { isGguf, neededFiles } from "./checkpointFiles.js";
import type { NamedParameters } from "./names.js";
import { checkCheckpoint, readCheckpoint } from "./readCheckpoint.js";

/**
 * Finds a checkpoint: a local one (a path that begins with `.` or `/`), which may be a folder or a single file;
 * or a model on the Hugging Face hub, `owner/name`, or one GGUF file of it, `owner/name/file.gguf`, which is
 * downloaded into Hugging Face's own cache.
 *
 * @returns its path
 * @throws MetaError `MISSING_FILE`; `BAD_CHECKPOINT` for a model without tensors, or with several GGUF files of
 *   which none is named
 */
export async function findCheckpoint(
  source: string,
  hub: Omit<HubOptions, "type"> = {},
): Promise<string> {
  if (!isPath(source)) return download(source, hub);
  const path = resolve(source);
  const found = await stat(path).catch((cause) => {
    throw new MetaError(
      "MISSING_FILE",
      `There is no checkpoint ${path}. A model on the hub is named owner/name, such as openai-community/gpt2.`,
      { cause },
    );
  });
  if (found.isFile() || found.isDirectory()) return path;
  throw new MetaError(
    "BAD_CHECKPOINT",
    `Expected a folder or a file as checkpoint, got ${path}, which is a pipe, a socket or a device. Copy its contents to a file.`,
  );
}

/**
 * Makes the `init` of a model that has the parameters of a checkpoint, and describes their files. Names and shapes
 * are checked at once, values in `init`.
 *
 * @param path result of {@link findCheckpoint}
 * @throws MetaError `MISSING_FILE` or `BAD_CHECKPOINT`; `BAD_CHECKPOINT` from `init` for values that are NaN or
 *   infinite
 */
export async function pretrainedInit(
  path: string,
  architecture: NamedParameters,
): Promise<Pretrained> {
  const weights = await checkCheckpoint(path, architecture);
  return {
    weights,
    async init() {
      const params = await readCheckpoint(path, architecture);
      requireFinite(params, path);
      return params;
    },
  };
}

/** The members of a model with pretrained parameters. */
export interface Pretrained {
  readonly weights: StoredWeights;
  init(): Promise<Params>;
}

/** True for a source of parameters that is local rather than a model on the hub. */
export function isPath(source: string): boolean {
  return source.startsWith(".") || isAbsolute(source);
}

async function download(source: string, hub: Omit<HubOptions, "type">): Promise<string> {
  const [, repository = source, file] = /^([^/]+\/[^/]+)\/(.+)$/.exec(source) ?? [];
  if (file === undefined) {
    return downloadFromHub(repository, (files) => wholeModel(repository, files), hub);
  }
  const folder = await downloadFromHub(repository, (files) => oneFile(source, file, files), hub);
  const path = join(folder, file);
  // Without a network there may be other files of the model alone.
  await access(path).catch((cause) => {
    throw new MetaError("MISSING_FILE", `${source} has not been downloaded.`, { cause });
  });
  return path;
}

function wholeModel(repository: string, files: readonly string[]): string[] {
  const needed = neededFiles(repository, files);
  if (needed.length > 0) return needed;
  throw new MetaError(
    "BAD_CHECKPOINT",
    `"${repository}" has no model.safetensors, no pytorch_model.bin and no GGUF file on the hub; its files are: ${files.join(", ")}.`,
  );
}

function oneFile(source: string, file: string, files: readonly string[]): string[] {
  if (!isGguf(file)) {
    throw new MetaError(
      "BAD_OPTION",
      `Expected a model on the hub, owner/name, or a GGUF file of one, owner/name/file.gguf, got ${source}. A local path begins with ./ or /.`,
    );
  }
  if (files.includes(file)) return [file];
  const known = files.filter(isGguf).join(", ") || "none";
  throw new MetaError(
    "MISSING_FILE",
    `${source} is not on the hub; the GGUF files of that model are: ${known}.`,
  );
}
