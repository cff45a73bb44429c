import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { Params } from "@metalearn/core";
import { byteTokenizer, type Llama, pretrainedLlama } from "@metalearn/models-llama";
import { allSources, type GoldenSource } from "./golden.js";
import { tinyParams } from "./tiny.js";

/** A small model of Llama's family with reference numbers. */
export interface TinyLlama {
  readonly source: GoldenSource;
  /** `llama-tiny/qwen3` below the source's folder. */
  readonly folder: string;
}

const family = "llama-tiny";

/** All of them, those of the shared folder too where there is one. */
export const tinyLlamas: readonly TinyLlama[] = allSources
  .filter(({ folder }) => existsSync(join(folder, family)))
  .flatMap((source) =>
    readdirSync(join(source.folder, family)).map((name) => ({
      source,
      folder: join(family, name),
    })),
  );

/** The model, which no tokenizer lies beside. */
export function openTinyLlama({ source, folder }: TinyLlama): Promise<Llama> {
  // One whose size fits any vocabulary, for no text is encoded.
  const tokenizer = { ...byteTokenizer, vocabularySize: 1 };
  return pretrainedLlama(join(source.folder, folder), { tokenizer });
}

/** The checkpoint, in the order that closed formulas over parameters are numbered by. */
export function tinyLlamaParams({ source, folder }: TinyLlama): Promise<Params> {
  return tinyParams(source, folder);
}
