import { MetaError, type Tokenizer } from "@metalearn/core";
import type { HubOptions } from "@metalearn/core/hub";
import { findCheckpoint, findTokenizer, pretrainedInit } from "@metalearn/language-models";
import { type Gpt2, gpt2, gpt2Architecture } from "./gpt2.js";
import { gpt2Tokenizer } from "./gpt2Tokenizer.js";
import { readHuggingFaceConfig } from "./huggingFace.js";

/** Options of {@link pretrainedGpt2}. */
export interface PretrainedOptions extends Omit<HubOptions, "type"> {
  /** @default the one whose files lie beside the parameters, or GPT-2's, if the vocabulary is of that size */
  readonly tokenizer?: Tokenizer;
  /** Attention heads, for a file of tensors without `config.json` that has the width of no published model. */
  readonly heads?: number;
}

/**
 * A GPT-2 whose `init` gives published parameters: those of a local checkpoint (a path that begins with
 * `.` or `/`), or of a model on the Hugging Face hub. It may be a folder with `config.json`, a GGUF file, or,
 * locally, a single file of safetensors or torch.save, such as those of MetaICL's authors.
 *
 * @example await pretrainedGpt2("openai-community/gpt2")
 * @example await pretrainedGpt2("./metaicl/hr_to_lr/model.pt")
 * @example await pretrainedGpt2("owner/name/gpt2.Q8_0.gguf")
 * @throws MetaError `MISSING_FILE`, `BAD_CHECKPOINT` or `BAD_OPTION`; `BAD_CHECKPOINT` from `init` where
 *   values are no numbers
 */
export async function pretrainedGpt2(
  source: string,
  { tokenizer: given, heads, ...hub }: PretrainedOptions = {},
): Promise<Gpt2> {
  const path = await findCheckpoint(source, hub);
  const config = await readHuggingFaceConfig(path, heads);
  const init = await pretrainedInit(path, gpt2Architecture(config));
  const tokenizer = given ?? (await ownTokenizer(path, config.vocabularySize));
  return { ...gpt2(config, tokenizer), init };
}

/** The tokenizer of a checkpoint. @throws MetaError `MISSING_FILE` when nothing tells which it is */
async function ownTokenizer(path: string, vocabularySize: number): Promise<Tokenizer> {
  const found = await findTokenizer(path);
  if (found) return found;
  if (vocabularySize === gpt2Tokenizer.vocabularySize) return gpt2Tokenizer;
  throw new MetaError(
    "MISSING_FILE",
    `${path} has a vocabulary of ${vocabularySize} tokens, which is not GPT-2's, and no tokenizer beside it: expected tokenizer.json, or vocab.json and merges.txt. Copy them there from where the weights come from, or name a tokenizer.`,
  );
}
