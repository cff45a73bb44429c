import {
  openPretrained,
  type PretrainedOptions as SharedOptions,
} from "@metalearn/language-models";
import { type Gpt2, gpt2, gpt2Architecture } from "./gpt2.js";
import { gpt2Tokenizer } from "./gpt2Tokenizer.js";
import { readHuggingFaceConfig } from "./huggingFace.js";

/** Options of {@link pretrainedGpt2}. Where no tokenizer lies beside parameters of GPT-2's vocabulary, it is GPT-2's. */
export interface PretrainedOptions extends SharedOptions {
  /** Attention heads, for a file of tensors without `config.json` that has the width of no published model. */
  readonly heads?: number;
}

/**
 * A GPT-2 whose `init` gives published parameters: those of a local checkpoint (a path that begins with
 * `.` or `/`), or of a model on the Hugging Face hub. Locally it may be a folder with `config.json`, or a
 * single file of safetensors or torch.save, such as those of MetaICL's authors.
 *
 * @example await pretrainedGpt2("openai-community/gpt2")
 * @example await pretrainedGpt2("./metaicl/hr_to_lr/model.pt")
 * @throws MetaError `MISSING_FILE`, `BAD_CHECKPOINT` or `BAD_OPTION`; `BAD_CHECKPOINT` from `init` where
 *   values are no numbers
 */
export async function pretrainedGpt2(
  source: string,
  { heads, ...options }: PretrainedOptions = {},
): Promise<Gpt2> {
  const { config, tokenizer, init } = await openPretrained(
    source,
    {
      readConfig: (path) => readHuggingFaceConfig(path, heads),
      architecture: gpt2Architecture,
      usualTokenizer: ({ vocabularySize }) =>
        vocabularySize === gpt2Tokenizer.vocabularySize ? gpt2Tokenizer : undefined,
    },
    options,
  );
  return { ...gpt2(config, tokenizer), init };
}
