import { stat } from "node:fs/promises";
import { dirname } from "node:path";
import { MetaError, type Tokenizer } from "@metalearn/core";
import type { HubOptions } from "@metalearn/core/hub";
import { findCheckpoint, findTokenizer, pretrainedInit } from "@metalearn/language-models";
import { type Gpt2, gpt2, gpt2Architecture } from "./gpt2.js";
import { gpt2Tokenizer } from "./gpt2Tokenizer.js";
import { readHuggingFaceConfig } from "./huggingFace.js";

/** Options of {@link pretrainedGpt2}. */
export interface PretrainedOptions extends Omit<HubOptions, "type"> {
  /** @default the tokenizer beside the parameters, or GPT-2's, if the vocabulary is of that size */
  readonly tokenizer?: Tokenizer;
  /** Attention heads, for a file of tensors without `config.json` whose width no published model has. */
  readonly heads?: number;
}

/**
 * A GPT-2 whose `init` returns published parameters: those of a local checkpoint (a path that begins with `.`
 * or `/`), or of a model on the Hugging Face hub. A local checkpoint may be a folder with `config.json`, or a
 * single file of safetensors or torch.save, such as those of MetaICL's authors.
 *
 * @example await pretrainedGpt2("openai-community/gpt2")
 * @example await pretrainedGpt2("./metaicl/hr_to_lr/model.pt")
 * @throws MetaError `MISSING_FILE`, `BAD_CHECKPOINT` or `BAD_OPTION`; `BAD_CHECKPOINT` from `init` for values
 *   that are not finite
 */
export async function pretrainedGpt2(
  source: string,
  { tokenizer: given, heads, ...hub }: PretrainedOptions = {},
): Promise<Gpt2> {
  const path = await findCheckpoint(source, hub);
  const config = await readHuggingFaceConfig(path, heads);
  const tokenizer = given ?? (await ownTokenizer(path, config.vocabularySize));
  const init = await pretrainedInit(path, gpt2Architecture(config));
  return { ...gpt2(config, tokenizer), init };
}

/** Tokenizer of a checkpoint. @throws MetaError `MISSING_FILE` when it cannot be determined */
async function ownTokenizer(path: string, vocabularySize: number): Promise<Tokenizer> {
  const folder = (await stat(path)).isDirectory() ? path : dirname(path);
  const found = await findTokenizer(folder);
  if (found) return found;
  if (vocabularySize === gpt2Tokenizer.vocabularySize) return gpt2Tokenizer;
  throw new MetaError(
    "MISSING_FILE",
    `${path} has a vocabulary of ${vocabularySize} tokens, which is not GPT-2's, and no tokenizer beside it: expected tokenizer.json, or vocab.json and merges.txt. Copy them there from where the weights come from, or name a tokenizer.`,
  );
}
