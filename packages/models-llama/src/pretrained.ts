import { openPretrained, type PretrainedOptions } from "@metalearn/language-models";
import { readLlamaConfig } from "./huggingFace.js";
import { type Llama, llama, llamaArchitecture } from "./llama.js";

/**
 * A model of Llama's family whose `init` gives published parameters: those of a local checkpoint (a path that
 * begins with `.` or `/`), or of a model on the Hugging Face hub. It may be a folder, a GGUF file, or, locally, a
 * single file of safetensors or torch.save with `config.json` beside it.
 *
 * @example await pretrainedLlama("HuggingFaceTB/SmolLM2-135M")
 * @example await pretrainedLlama("./SmolLM2-135M-Instruct.Q4_1.gguf")
 * @throws MetaError `MISSING_FILE`, also when there is no tokenizer beside the parameters and none is given;
 *   `BAD_CHECKPOINT` for features that are not implemented, and from `init` for values that are NaN or infinite
 */
export async function pretrainedLlama(
  source: string,
  options: PretrainedOptions = {},
): Promise<Llama> {
  const format = { readConfig: readLlamaConfig, architecture: llamaArchitecture };
  const { config, tokenizer, pretrained } = await openPretrained(source, format, options);
  return { ...llama(config, tokenizer), ...pretrained };
}
