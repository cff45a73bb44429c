import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { MetaError } from "@metalearn/core";
import { writeTextAtomically } from "@metalearn/core/files";

/**
 * The files of a tokenizer beside the weights of a checkpoint, as transformers names them. All that are there are kept
 * and written again; `tokenizer.model` is SentencePiece's own, which is not read. Of `generation_config.json`, the tokens
 * that end a text are read.
 */
export const tokenizerFileNames = [
  "tokenizer.json",
  "vocab.json",
  "merges.txt",
  "tokenizer.model",
  "tokenizer_config.json",
  "special_tokens_map.json",
  "added_tokens.json",
  "chat_template.jinja",
  "generation_config.json",
] as const;

/** The name of a file of a tokenizer. */
export type TokenizerFileName = (typeof tokenizerFileNames)[number];

/** Files by name, as bytes. */
export type TokenizerFiles = ReadonlyMap<TokenizerFileName, Uint8Array>;

/** Reads those of {@link tokenizerFileNames} that a folder has. */
export async function readTokenizerFiles(folder: string): Promise<TokenizerFiles> {
  const files = new Map<TokenizerFileName, Uint8Array>();
  for (const name of tokenizerFileNames) {
    const bytes = await readFile(join(folder, name)).catch((cause: NodeJS.ErrnoException) => {
      if (cause.code === "ENOENT" || cause.code === "ENOTDIR") return undefined;
      throw new MetaError("MISSING_FILE", `Cannot read ${join(folder, name)}.`, { cause });
    });
    if (bytes) files.set(name, bytes);
  }
  return files;
}

/** Writes files into a folder, each as it was. */
export async function writeTokenizerFiles(files: TokenizerFiles, folder: string): Promise<void> {
  for (const [name, bytes] of files) {
    await writeTextAtomically(join(folder, name), bytes);
  }
}

/** @throws MetaError `BAD_CHECKPOINT` when a file is not JSON */
export function jsonOf(files: TokenizerFiles, name: TokenizerFileName): unknown {
  const text = textOf(files, name);
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new MetaError("BAD_CHECKPOINT", `${name} is not JSON.`, { cause });
  }
}

/** @throws MetaError `BAD_CHECKPOINT` when a file is not text in UTF-8 */
export function textOf(files: TokenizerFiles, name: TokenizerFileName): string | undefined {
  const bytes = files.get(name);
  try {
    return bytes && new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new MetaError("BAD_CHECKPOINT", `${name} is not text in UTF-8.`, { cause });
  }
}
