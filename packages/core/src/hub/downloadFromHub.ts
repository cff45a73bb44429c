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
import { MetaError, messageOf } from "../errors.js";

/** Where and how to download. */
export interface HubOptions {
  /** What kind of repository it is. @default "model" */
  readonly type?: "model" | "dataset";
  /** Branch, tag or commit. @default "main" */
  readonly revision?: string;
  /** @default the environment's HF_HUB_CACHE or HF_HOME, else Hugging Face's own cache folder */
  readonly cacheDirectory?: string;
  /** @default the environment's HF_ENDPOINT, else the public hub */
  readonly endpoint?: string;
  /** For private models. @default the environment's HF_TOKEN */
  readonly accessToken?: string;
  readonly notify?: (message: string) => void;
  readonly signal?: AbortSignal;
}

/**
 * Downloads files of a model or data set from the Hugging Face hub into Hugging Face's own cache layout, so
 * that what Python has downloaded already is found and the other way round. A download that was
 * broken off goes on where it stopped; every file is checked against its hash. When the hub cannot
 * be reached, a complete earlier download of the same revision is used, saying so.
 *
 * @param wanted picks the files to download from all files of the repository
 * @returns the folder with the files
 * @throws MetaError `MISSING_FILE` when the repository or the network is not there; `BAD_CHECKPOINT`, or
 *   `BAD_DATA` of a data set, when a file does not have the hash that the hub states; `BAD_DATA` for a file
 *   outside of the repository's folder
 */
export async function downloadFromHub(
  repository: string,
  wanted: (files: readonly string[]) => readonly string[],
  options: HubOptions = {},
): Promise<string> {
  const { type = "model", revision = "main", notify = () => {}, signal } = options;
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
    const commit = await readFile(reference, "utf8").catch(() => revision);
    const complete = await stat(listFile(commit)).catch(() => undefined);
    if (complete) {
      notify(
        `The hub cannot be reached (${messageOf(cause)}); using ${repository} from the cache.`,
      );
      return dirname(listFile(commit));
    }
    throw new MetaError(
      "MISSING_FILE",
      `Cannot get "${repository}" (revision ${revision}) from the Hugging Face hub: ${messageOf(cause)}. Is the name right and the network there?${type === "model" ? ` A local folder must exist and be written with a slash, such as ./${repository.split("/").at(-1)}.` : ""}`,
      { cause },
    );
  }

  const folder = join(cache, "snapshots", found.sha);
  const files = wanted(found.filePaths);
  const outside = files.find((file) => file.split(/[/\\]/).includes("..") || isAbsolute(file));
  if (outside !== undefined) {
    throw new MetaError(
      "BAD_DATA",
      `${repository} names a file outside of its folder, ${JSON.stringify(outside)}: do not use it.`,
    );
  }
  for (const file of files) {
    await downloadOne(repository, file, found.sha, join(folder, file), options, signal);
  }
  await writeTextAtomically(reference, found.sha);
  await writeTextAtomically(listFile(found.sha), JSON.stringify(files));
  return folder;
}

/** A repository's newest commit of a revision, and the files in it. */
async function contentsOf(
  name: string,
  options: HubOptions,
): Promise<{ sha: string; filePaths: string[] }> {
  const { type = "model", revision = "main" } = options;
  const at = { name, revision, ...connection(options) };
  if (type === "model") return modelInfo({ ...at, additionalFields: ["sha", "filePaths"] });
  const { sha } = await datasetInfo({ ...at, additionalFields: ["sha"] });
  const filePaths: string[] = [];
  const tree = { repo: { type, name }, revision: sha, recursive: true, ...connection(options) };
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
  const request = { repo: { type, name: repo }, path, revision, ...connection(options) };
  const info = await fileDownloadInfo(request);
  if (!info) throw new MetaError("MISSING_FILE", `The hub has no ${path} in ${repo}.`);
  await mkdir(dirname(target), { recursive: true });
  const partial = `${target}.incomplete`;
  const have = (await stat(partial).catch(() => undefined))?.size ?? 0;
  if (have < info.size) {
    notify(
      `Downloading ${repo}/${path}: ${megabytes(info.size)}${have > 0 ? `, going on after ${megabytes(have)}` : ""}`,
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
    if (size >= info.size) await rm(partial); // whole but wrong: nothing to go on from
    throw new MetaError(
      type === "model" ? "BAD_CHECKPOINT" : "BAD_DATA",
      `The download of ${repo}/${path} is ${size < info.size ? "incomplete" : "damaged"} (${size} of ${info.size} bytes). Run the same command again.`,
    );
  }
  await rename(partial, target);
}

/**
 * The hash that the hub uses as the file's tag: SHA-256 for large files, git's blob SHA-1 for small
 * ones. A tag of another form cannot be checked and counts as equal.
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

function connection({ endpoint, accessToken }: HubOptions) {
  const hubUrl = endpoint ?? process.env.HF_ENDPOINT;
  const token = accessToken ?? process.env.HF_TOKEN;
  return { ...(hubUrl && { hubUrl }), ...(token && { accessToken: token }) };
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
