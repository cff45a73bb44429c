import { open, readdir, readFile, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { MetaError } from "@metalearn/core";
import { z } from "zod";
import { tokenizerFileNames } from "../tokenizer/tokenizerFiles.js";

/** Files in which transformers looks for tensors: one file, or shards that an index lists. */
const layouts = [
  { index: "model.safetensors.index.json", file: "model.safetensors" },
  { index: "pytorch_model.bin.index.json", file: "pytorch_model.bin" },
];

const indexSchema = z.looseObject({ weight_map: z.record(z.string(), z.string()) });

/**
 * The files with the tensors of a checkpoint: a file itself, or those of a folder in Hugging Face's layout,
 * safetensors before files of torch.save; else the only GGUF file of the folder.
 *
 * @throws MetaError `MISSING_FILE`; `BAD_CHECKPOINT` for a malformed index or one that leads out of the folder, and
 *   for several GGUF files
 */
export async function tensorFiles(source: string): Promise<string[]> {
  if (await isFile(source)) return [source];
  for (const { index, file } of layouts) {
    if (await isFile(join(source, index))) return shards(source, index);
    if (await isFile(join(source, file))) return [join(source, file)];
  }
  const gguf = await ggufOf(source);
  if (gguf !== undefined) return [gguf];
  const wanted = layouts.map(({ file }) => file).join(", no ");
  throw new MetaError("MISSING_FILE", `There is no ${wanted} and no GGUF file in ${source}.`);
}

/** True for the name of a GGUF file. */
export function isGguf(path: string): boolean {
  return /\.gguf$/i.test(path);
}

/** True for a GGUF file, by its name or else by its first bytes. */
export async function isGgufFile(path: string): Promise<boolean> {
  if (!(await isFile(path))) return false;
  if (isGguf(path)) return true;
  const file = await open(path).catch(() => undefined); // reading it reports why it cannot be opened
  try {
    const start = await file?.read(Buffer.alloc(4), 0, 4, 0);
    return start?.buffer.toString("latin1") === "GGUF";
  } finally {
    await file?.close();
  }
}

/**
 * The GGUF file that a checkpoint is: the file itself, or the only one of a folder without other tensors.
 *
 * @throws MetaError `BAD_CHECKPOINT` for a folder with several
 */
export async function ggufOf(source: string): Promise<string | undefined> {
  if (await isFile(source)) return (await isGgufFile(source)) ? source : undefined;
  const files = await readdir(source).catch((): string[] => []);
  if (layouts.some(({ index, file }) => files.includes(index) || files.includes(file))) {
    return undefined;
  }
  const gguf = onlyGguf(source, files);
  return gguf && join(source, gguf);
}

/**
 * The GGUF file among the files of a folder or repository.
 *
 * @throws MetaError `BAD_CHECKPOINT` for several, or for one in a folder below
 */
function onlyGguf(source: string, files: readonly string[]): string | undefined {
  const found = files.filter(isGguf);
  const [first] = found;
  if (first === undefined || (found.length === 1 && !first.includes("/"))) return first;
  const paths = found.map((file) => `${source}/${file}`);
  throw new MetaError(
    "BAD_CHECKPOINT",
    `Which GGUF file of ${source} is meant? Name it: ${paths.join(", ")}.`,
  );
}

/**
 * Files of a repository that make up a checkpoint for {@link tensorFiles}, with its tokenizer; empty if the
 * repository has no tensors.
 *
 * @throws MetaError `BAD_CHECKPOINT` when its only tensors are in several GGUF files
 */
export function neededFiles(repository: string, files: readonly string[]): string[] {
  const tensors = [
    files.filter((file) => /^model[^/]*\.safetensors(\.index\.json)?$/.test(file)),
    files.filter((file) => /^pytorch_model[^/]*\.bin(\.index\.json)?$/.test(file)),
  ].find((found) => found.some((file) => !file.endsWith(".json")));
  if (!tensors) {
    const gguf = onlyGguf(repository, files);
    return gguf === undefined ? [] : [gguf];
  }
  return ["config.json", ...tensors, ...tokenizerFileNames.filter((name) => files.includes(name))];
}

async function shards(folder: string, index: string): Promise<string[]> {
  const path = join(folder, index);
  const result = indexSchema.safeParse(await readJsonFile(path));
  if (!result.success) throw new MetaError("BAD_CHECKPOINT", `${path} has no weight_map.`);
  const files = [...new Set(Object.values(result.data.weight_map))];
  const escaping = files.find((file) => basename(file) !== file || ["", ".", ".."].includes(file));
  if (escaping !== undefined) {
    throw new MetaError("BAD_CHECKPOINT", `${path} names a file elsewhere: ${escaping}.`);
  }
  return files.map((file) => join(folder, file));
}

/** True if the path is an existing file, not a folder. */
export async function isFile(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isFile() ?? false;
}

/** Reads a JSON file. @throws MetaError `MISSING_FILE`; `BAD_CHECKPOINT` when it is not JSON */
export async function readJsonFile(path: string): Promise<unknown> {
  const text = await readFile(path, "utf8").catch((cause) => {
    throw new MetaError("MISSING_FILE", `Cannot read ${path}.`, { cause });
  });
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new MetaError("BAD_CHECKPOINT", `${path} is not JSON.`, { cause });
  }
}
