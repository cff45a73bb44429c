import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { isMetaError, MetaError } from "@metalearn/core";
import { z } from "zod";
import { ggufOf, isFile } from "../checkpoint/checkpointFiles.js";
import { openGguf } from "../gguf/openGguf.js";
import { tokenizerDataOf } from "../gguf/tokenizerDataOf.js";
import { endOfTextIds } from "./endOfText.js";
import { ggufTokenizer } from "./ggufTokenizer.js";
import { type PretrainedTokenizer, pretrainedTokenizer } from "./pretrainedTokenizer.js";
import { type TokenizerConfig, tokenizerConfig } from "./tokenizerConfig.js";
import {
  jsonOf,
  readTokenizerFiles,
  type TokenizerFiles,
  textOf,
  writeTokenizerFiles,
} from "./tokenizerFiles.js";
import { addedTokenSchema, parseTokenizerJson, type TokenizerJson } from "./tokenizerJson.js";
import { vocabularyAndMerges } from "./vocabularyAndMerges.js";

/**
 * Reads the tokenizer of a checkpoint, a folder or a file: from the metadata of a GGUF file; else from
 * `tokenizer.json`, or from `vocab.json` and `merges.txt`, in the folder or beside the file, with the added and special
 * tokens of the other files. Ids are those of Hugging Face's tokenizers for the same files; `save` writes the files
 * unchanged.
 *
 * @throws MetaError `MISSING_FILE` when there is no tokenizer, or only a part of one; `BAD_CHECKPOINT` when it
 *   cannot be read, or has a component that is not implemented, which it names
 */
export async function readTokenizer(checkpoint: string): Promise<PretrainedTokenizer> {
  const found = await findTokenizer(checkpoint);
  if (found) return found;
  throw new MetaError(
    "MISSING_FILE",
    `There is no tokenizer in ${checkpoint}: expected tokenizer.json, or vocab.json and merges.txt. Copy them from where the weights come from.`,
  );
}

/** Reads a tokenizer as {@link readTokenizer} does; `undefined` if there is no vocabulary file. */
export async function findTokenizer(checkpoint: string): Promise<PretrainedTokenizer | undefined> {
  const gguf = await ggufOf(checkpoint);
  const described = gguf === undefined ? undefined : await tokenizerOfGguf(gguf);
  if (described) return described;
  const folder = (await isFile(checkpoint)) ? dirname(checkpoint) : checkpoint;
  const files = await readTokenizerFiles(folder);
  const has = (name: Parameters<TokenizerFiles["has"]>[0]) => files.has(name);
  if (!has("tokenizer.json")) {
    if (has("vocab.json") !== has("merges.txt")) {
      const [there, missing] = has("vocab.json")
        ? ["vocab.json", "merges.txt"]
        : ["merges.txt", "vocab.json"];
      throw new MetaError(
        "MISSING_FILE",
        `${folder} has ${there}, but no ${missing}, without which it is no tokenizer.`,
      );
    }
    if (!has("vocab.json")) {
      if (!has("tokenizer.model")) return undefined;
      throw new MetaError(
        "MISSING_FILE",
        `${folder} has tokenizer.model, but no tokenizer.json. Write one with transformers: AutoTokenizer.from_pretrained(${JSON.stringify(folder)}).save_pretrained(${JSON.stringify(folder)}).`,
      );
    }
  }
  const config = await modelConfigOf(folder);
  return saying(folder, () => tokenizerOf(files, config));
}

/** The tokenizer that a GGUF file describes, if it describes one. */
async function tokenizerOfGguf(path: string): Promise<PretrainedTokenizer | undefined> {
  const file = await openGguf(path);
  await file.close();
  if (!file.metadata.has("tokenizer.ggml.model")) return undefined;
  const data = tokenizerDataOf(file);
  return saying(path, () => ggufTokenizer(data));
}

/** Adds the tokenizer's path to errors. */
function saying(place: string, make: () => PretrainedTokenizer): PretrainedTokenizer {
  try {
    return make();
  } catch (error) {
    if (!isMetaError(error)) throw error;
    throw new MetaError(error.code, `The tokenizer in ${place}: ${error.detail}`, {
      cause: error,
    });
  }
}

function tokenizerOf(files: TokenizerFiles, modelConfig: unknown): PretrainedTokenizer {
  const config = tokenizerConfig({
    config: jsonOf(files, "tokenizer_config.json"),
    specialTokensMap: jsonOf(files, "special_tokens_map.json"),
    addedTokens: jsonOf(files, "added_tokens.json"),
    chatTemplate: textOf(files, "chat_template.jinja"),
  });
  const isWhole = files.has("tokenizer.json");
  const { json, special: defaults } = isWhole
    ? { json: parseTokenizerJson(jsonOf(files, "tokenizer.json")), special: {} }
    : vocabularyAndMerges(
        {
          vocabulary: jsonOf(files, "vocab.json"),
          merges: textOf(files, "merges.txt") as string,
          modelType: modelTypeSchema.safeParse(modelConfig).data?.model_type,
        },
        config,
      );
  const special = new Map(
    Object.entries(defaults).map(([name, content]) => [
      name,
      addedTokenSchema.parse({ content, special: true }),
    ]),
  );
  for (const [name, token] of config.special) special.set(name, token);
  return pretrainedTokenizer(json, {
    name: nameOf(files),
    save: (directory) => writeTokenizerFiles(files, directory),
    added: [addedBeside(json, { ...config, special })],
    special: Object.fromEntries([...special].map(([name, { content }]) => [name, content])),
    chatTemplate: config.chatTemplate,
    eosTokenIds: endOfTextIds({
      generationConfig: jsonOf(files, "generation_config.json"),
      config: modelConfig,
    }),
    // In a tokenizer.json the post-processor says it.
    around: isWhole ? undefined : { bos: config.addBos === true, eos: config.addEos === true },
  });
}

/** Tokens that the other files add: all that they list as added, and special ones that they do not list. */
function addedBeside(
  { added_tokens }: TokenizerJson,
  { added, special, extra }: Pick<TokenizerConfig, "added" | "special" | "extra">,
) {
  const listed = new Set([...added_tokens, ...added].map(({ content }) => content));
  return [
    ...added,
    ...[...special.values(), ...extra].filter(({ content }) => !listed.has(content)),
  ];
}

/** A name that is unique to the contents of the files, but for the settings of generation, which change no ids. */
function nameOf(files: TokenizerFiles): string {
  const hash = createHash("sha256");
  for (const [name, bytes] of files) {
    if (name === "generation_config.json") continue;
    hash.update(`${name}\0${bytes.length}\0`).update(bytes);
  }
  return `bpe-${hash.digest("hex").slice(0, 12)}`;
}

const modelTypeSchema = z.looseObject({ model_type: z.string() });

/** The contents of `config.json`, if it can be read. */
async function modelConfigOf(folder: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(join(folder, "config.json"), "utf8"));
  } catch {
    return undefined; // reading the model reports what is wrong with it
  }
}
