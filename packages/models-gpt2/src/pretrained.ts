import {
  openPretrained,
  type PretrainedOptions as SharedOptions,
} from "@metalearn/language-models";
import { type Gpt2, gpt2, gpt2Architecture } from "./gpt2.js";
import { gpt2Tokenizer } from "./gpt2Tokenizer.js";
import { readHuggingFaceConfig } from "./huggingFace.js";

/** Options of {@link pretrainedGpt2}. Its default tokenizer is GPT-2's, if the vocabulary is of that size. */
export interface PretrainedOptions extends SharedOptions {
  /** Attention heads, for a file of tensors without `config.json` whose width no published model has. */
  readonly heads?: number;
}

/**
 * A GPT-2 whose `init` returns published parameters: those of a local checkpoint (a path that begins with `.`
 * or `/`), or of a model on the Hugging Face hub. It may be a folder with `config.json`, a GGUF file, or,
 * locally, a single file of safetensors or torch.save, such as those of MetaICL's authors.
 *
 * @example await pretrainedGpt2("openai-community/gpt2")
 * @example await pretrainedGpt2("./metaicl/hr_to_lr/model.pt")
 * @example await pretrainedGpt2("owner/name/gpt2.Q8_0.gguf")
 * @throws MetaError `MISSING_FILE`, `BAD_CHECKPOINT` or `BAD_OPTION`; `BAD_CHECKPOINT` from `init` for values
 *   that are not finite
 */
export async function pretrainedGpt2(
  source: string,
  { heads, ...options }: PretrainedOptions = {},
): Promise<Gpt2> {
  const { config, tokenizer, pretrained } = await openPretrained(
    source,
    {
      readConfig: (path) => readHuggingFaceConfig(path, heads),
      architecture: gpt2Architecture,
      usualTokenizer: ({ vocabularySize }) =>
        vocabularySize === gpt2Tokenizer.vocabularySize ? gpt2Tokenizer : undefined,
    },
    options,
  );
  return { ...gpt2(config, tokenizer), ...pretrained };
}
