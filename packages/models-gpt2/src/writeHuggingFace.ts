import type { Params } from "@metalearn/core";
import { type WriteOptions, writeCheckpoint } from "@metalearn/language-models";
import { defaultInitializerRange, type Gpt2Config } from "./gpt2Config.js";

/**
 * Writes a GPT-2 so that transformers' `AutoModelForCausalLM.from_pretrained` opens it: `config.json`
 * and `model.safetensors`, or shards with an index; with a tokenizer, `AutoTokenizer.from_pretrained` as
 * well.
 *
 * @throws MetaError `BAD_OPTION` for values that `dtype` cannot hold
 */
export async function writeHuggingFace(
  directory: string,
  params: Params,
  config: Gpt2Config,
  options: WriteOptions = {},
): Promise<void> {
  const contents = {
    tensors: Object.fromEntries(
      Object.entries(params).map(([name, tensor]) => [`transformer.${name}`, tensor]),
    ),
    config: {
      architectures: ["GPT2LMHeadModel"],
      model_type: "gpt2",
      vocab_size: config.vocabularySize,
      n_positions: config.maxTokens,
      n_ctx: config.maxTokens,
      n_embd: config.width,
      n_layer: config.layers,
      n_head: config.heads,
      activation_function: "gelu_new",
      layer_norm_epsilon: 1e-5,
      initializer_range: config.initializerRange ?? defaultInitializerRange,
      tie_word_embeddings: true,
      // GPT-2's only special token is the last of its vocabulary.
      bos_token_id: config.vocabularySize - 1,
      eos_token_id: config.vocabularySize - 1,
    },
    maxTokens: config.maxTokens,
  };
  await writeCheckpoint(directory, contents, options);
}
