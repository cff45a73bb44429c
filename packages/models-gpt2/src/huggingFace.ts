import { MetaError, type Params, parseOptions } from "@metalearn/core";
import {
  checkpointContents,
  readCheckpoint,
  readConfig,
  storedShapes,
  type WriteOptions,
  writeCheckpoint,
} from "@metalearn/language-models";
import { z } from "zod";
import { type Gpt2, type Gpt2Config, gpt2Architecture, gpt2Config } from "./gpt2.js";
import { inferConfig } from "./inferConfig.js";

const { vocabularySize, maxTokens, width, layers, heads, initializerRange, bosId, eosId } =
  gpt2Config.shape;

/** Keys of a GPT-2 `config.json` that decide its arithmetic. Others are ignored. */
const configJson = z
  .looseObject({
    model_type: z.literal("gpt2"),
    vocab_size: vocabularySize,
    n_positions: maxTokens,
    n_embd: width,
    n_layer: layers,
    n_head: heads,
    n_inner: z.int().nullish(),
    initializer_range: initializerRange,
    bos_token_id: bosId,
    eos_token_id: eosId,
    activation_function: z.literal("gelu_new").default("gelu_new"),
    layer_norm_epsilon: z.literal(1e-5).default(1e-5),
    scale_attn_weights: z.literal(true).default(true),
    scale_attn_by_inverse_layer_idx: z.literal(false).default(false),
    tie_word_embeddings: z.literal(true).default(true),
  })
  .superRefine(({ n_inner: inner, n_embd: width }, { addIssue }) => {
    if (inner == null || inner === 4 * width) return;
    addIssue({
      code: "custom",
      path: ["n_inner"],
      message: `expected 4 * n_embd = ${4 * width}, got ${inner}`,
    });
  });

/**
 * Reads the shape of a GPT-2 from a checkpoint: from its `config.json`, in the folder or beside the file, or from
 * the metadata of a GGUF file; for a file of tensors without either, from the shapes of its tensors.
 *
 * @param heads number of attention heads, needed where the tensors do not determine it: at widths that no
 *   published model has
 * @throws MetaError `MISSING_FILE`; `BAD_CHECKPOINT` when it is not a GPT-2 that this model computes;
 *   `BAD_OPTION` when `heads` is needed, or contradicts the checkpoint
 */
export async function readHuggingFaceConfig(
  source: string,
  heads?: number,
): Promise<Gpt2["config"]> {
  const found = await readConfig(source, configJson, "GPT-2");
  if (!found) {
    const inferred = inferConfig(source, await storedShapes(source, "transformer."), heads);
    return parseOptions(gpt2Config, inferred);
  }
  const { path, config } = found;
  if (heads !== undefined && heads !== config.n_head) {
    throw new MetaError(
      "BAD_OPTION",
      `heads: expected the ${config.n_head} of ${path}, got ${heads}. Leave heads out.`,
    );
  }
  return {
    vocabularySize: config.vocab_size,
    maxTokens: config.n_positions,
    width: config.n_embd,
    layers: config.n_layer,
    heads: config.n_head,
    initializerRange: config.initializer_range,
    ...(config.bos_token_id !== undefined && { bosId: config.bos_token_id }),
    ...(config.eos_token_id !== undefined && { eosId: config.eos_token_id }),
  };
}

/**
 * Reads the parameters of a GPT-2 from a checkpoint folder: `model.safetensors` or `pytorch_model.bin`, or
 * shards with an index; or from a single file of safetensors, torch.save or GGUF. Names may begin with `module.`
 * and `transformer.` or not; all numbers become float32. The caller owns the tensors.
 *
 * @throws MetaError `MISSING_FILE`; `BAD_CHECKPOINT` when tensors are missing, unknown, of another
 *   shape, or when the output head is not tied to the embeddings
 */
export function readHuggingFaceParams(source: string, config: Gpt2Config): Promise<Params> {
  return readCheckpoint(source, gpt2Architecture(parseOptions(gpt2Config, config)));
}

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
  const architecture = gpt2Architecture(parseOptions(gpt2Config, config));
  await writeCheckpoint(directory, checkpointContents(architecture, params), options);
}
