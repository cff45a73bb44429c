import { createHash } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { mkdir, readFile, rename, rm, stat } from "node:fs/promises";
import { dirname, isAbsolute, join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { ReadableStream } from "node:stream/web";
import {
  datasetInfo,
  downloadFile,
  fileDownloadInfo,
  getHFHubCachePath,
  listFiles,
  modelInfo,
} from "@huggingface/hub";
import { writeTextAtomically } from "../checkpoint/files.js";
import { isMetaError, MetaError } from "../errors.js";
import { connection } from "./connection.js";
import { hubError, reasonOf } from "./hubError.js";
import type { HubOptions } from "./hubOptions.js";

/**
 * Downloads files of a model or dataset from the Hugging Face hub into the cache that Python's
 * `huggingface_hub` uses, so that both find each other's downloads. An interrupted download is resumed,
 * and every file is checked against its hash. If the hub cannot be reached, a complete earlier download of
 * the same revision is used, with a message.
 *
 * @param choose picks the files to download from the names of all files in the repository
 * @returns the folder of the files
 * @throws MetaError `MISSING_FILE` when the repository does not exist, needs a token, or the hub cannot be reached;
 *   `BAD_OPTION` for a revision that is no name; `BAD_CHECKPOINT`, or `BAD_DATA` for a dataset, when a file does
 *   not match its hash; `BAD_DATA` for a commit that is no hash, or a
 *   file name that points outside of the repository's folder
 */
export async function downloadFromHub(
  repository: string,
  choose: (files: readonly string[]) => readonly string[],
  options: HubOptions = {},
): Promise<string> {
  const { type = "model", revision = "main", notify = () => {}, signal } = options;
  requireRevision(repository, revision);
  const cache = join(
    options.cacheDirectory ?? getHFHubCachePath(),
    `${type}s--${repository.replaceAll("/", "--")}`,
  );
  const reference = join(cache, "refs", revision);
  const listFile = (commit: string) => join(cache, "snapshots", commit, ".metalearn-files.json");

  let found: { sha: string; filePaths: string[] };
  try {
    found = await contentsOf(repository, options);
  } catch (cause) {
    const known = (await readFile(reference, "utf8").catch(() => revision)).trim();
    const commit = /^[\da-f]{40,64}$/.test(known) ? known : revision;
    const complete = await stat(listFile(commit)).catch(() => undefined);
    if (complete) {
      const reason = await reasonOf(cause, options);
      notify(`The hub cannot be reached (${reason}); using ${repository} from the cache.`);
      return dirname(listFile(commit));
    }
    throw await hubError(cause, repository, options);
  }

  if (!/^[\da-f]{40,64}$/.test(found.sha)) {
    throw new MetaError(
      "BAD_DATA",
      `${repository}: expected the hash of a commit from the hub, got ${JSON.stringify(found.sha)}. Check the address of the hub (HF_ENDPOINT).`,
    );
  }
  const folder = join(cache, "snapshots", found.sha);
  const files = choose(found.filePaths);
  const outside = files.find((file) => file.split(/[/\\]/).includes("..") || isAbsolute(file));
  if (outside !== undefined) {
    throw new MetaError(
      "BAD_DATA",
      `${repository}: expected files inside of the repository, got ${JSON.stringify(outside)}. Do not use this repository.`,
    );
  }
  for (const file of files) {
    try {
      await downloadOne(repository, file, found.sha, join(folder, file), options, signal);
    } catch (error) {
      if (isMetaError(error) || signal?.aborted) throw error;
      throw await hubError(error, repository, options);
    }
  }
  await writeTextAtomically(reference, found.sha);
  await writeTextAtomically(listFile(found.sha), JSON.stringify(files));
  return folder;
}

/** Revisions are part of paths in the cache. @throws MetaError `BAD_OPTION` */
function requireRevision(repository: string, revision: string): void {
  const isName = revision.split("/").every((part) => /^[\w-][\w.+-]*$/.test(part));
  if (isName && !revision.includes("..")) return;
  throw new MetaError(
    "BAD_OPTION",
    `${repository}: expected a revision such as main, v1.0 or a commit, got ${JSON.stringify(revision)}.`,
  );
}

/** Asks the hub for the commit of a revision and the names of its files. */
async function contentsOf(
  name: string,
  options: HubOptions,
): Promise<{ sha: string; filePaths: string[] }> {
  const { type = "model", revision = "main" } = options;
  const hub = await connection(options);
  const at = { name, revision, ...hub };
  if (type === "model") return modelInfo({ ...at, additionalFields: ["sha", "filePaths"] });
  const { sha } = await datasetInfo({ ...at, additionalFields: ["sha"] });
  const filePaths: string[] = [];
  const tree = { repo: { type, name }, revision: sha, recursive: true, ...hub };
  for await (const entry of listFiles(tree)) {
    if (entry.type === "file") filePaths.push(entry.path);
  }
  return { sha, filePaths };
}

async function downloadOne(
  repo: string,
  path: string,
  revision: string,
  target: string,
  options: HubOptions,
  signal: AbortSignal | undefined,
): Promise<void> {
  if (await stat(target).catch(() => undefined)) return;
  const { type = "model", notify = () => {} } = options;
  const request = { repo: { type, name: repo }, path, revision, ...(await connection(options)) };
  const info = await fileDownloadInfo(request);
  if (!info) throw new MetaError("MISSING_FILE", `The hub has no ${path} in ${repo}.`);
  await mkdir(dirname(target), { recursive: true });
  const partial = `${target}.incomplete`;
  const have = (await stat(partial).catch(() => undefined))?.size ?? 0;
  if (have < info.size) {
    notify(
      `Downloading ${repo}/${path}: ${megabytes(info.size)}${have > 0 ? `, resuming after ${megabytes(have)}` : ""}`,
    );
    const blob = await downloadFile({ ...request, xet: false, downloadInfo: info });
    if (!blob) throw new MetaError("MISSING_FILE", `The hub has no ${path} in ${repo}.`);
    const rest = have === 0 ? blob : blob.slice(have);
    await pipeline(
      Readable.fromWeb(rest.stream() as ReadableStream),
      createWriteStream(partial, { flags: have === 0 ? "w" : "a" }),
      ...(signal ? [{ signal }] : []),
    );
  }
  const size = (await stat(partial)).size;
  const hash = size === info.size ? await contentHash(partial, size, info.etag) : "";
  if (hash !== bareTag(info.etag)) {
    if (size >= info.size) await rm(partial); // complete but wrong, so it cannot be resumed
    throw new MetaError(
      type === "model" ? "BAD_CHECKPOINT" : "BAD_DATA",
      `The download of ${repo}/${path} is ${size < info.size ? "incomplete" : "damaged"} (${size} of ${info.size} bytes). Run the same command again.`,
    );
  }
  await rename(partial, target);
}

/**
 * Computes the hash that the hub uses as a file's ETag: SHA-256 for large files, git's blob SHA-1 for small
 * ones. A tag of another form cannot be checked and is returned as it is.
 */
async function contentHash(path: string, size: number, etag: string): Promise<string> {
  const tag = bareTag(etag);
  const algorithm = /^[0-9a-f]{64}$/.test(tag) ? "sha256" : "sha1";
  if (algorithm === "sha1" && !/^[0-9a-f]{40}$/.test(tag)) return tag;
  const hash = createHash(algorithm);
  if (algorithm === "sha1") hash.update(`blob ${size}\0`);
  await pipeline(createReadStream(path), hash);
  return hash.digest("hex");
}

function bareTag(etag: string): string {
  return etag.replace(/^W\//, "").replaceAll('"', "");
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
