import type { Params } from "@metalearn/core";
import {
  checkpointContents,
  readCheckpoint,
  requireConfig,
  type WriteOptions,
  writeCheckpoint,
} from "@metalearn/language-models";
import { configJson } from "./configJson.js";
import { llamaArchitecture } from "./llama.js";
import { type CheckedLlamaConfig, checkedConfig, type LlamaConfig } from "./llamaConfig.js";

/**
 * Reads the shape of a model of Llama's family from the `config.json` of a checkpoint folder, or beside a single
 * file, in the layout of transformers 4 or 5.
 *
 * @throws MetaError `MISSING_FILE`; `BAD_CHECKPOINT` for features that are not implemented: other architectures,
 *   sliding windows, other kinds of rotary positions
 */
export function readLlamaConfig(source: string): Promise<CheckedLlamaConfig> {
  return requireConfig(source, configJson, "model of Llama's family");
}

/**
 * Reads the parameters of a model of Llama's family from a checkpoint folder: `model.safetensors` or
 * `pytorch_model.bin`, or shards with an index; or from a single file. Names may begin with `model.` or not;
 * float16 and bfloat16 become float32. The caller owns the tensors.
 *
 * @throws MetaError `MISSING_FILE`; `BAD_CHECKPOINT` when tensors are missing, unknown, of another shape, or when an
 *   output head that should be the embeddings is not
 */
export function readLlamaParams(source: string, config: LlamaConfig): Promise<Params> {
  return readCheckpoint(source, llamaArchitecture(checkedConfig(config)));
}

/**
 * Writes a model of Llama's family so that transformers' `AutoModelForCausalLM.from_pretrained` opens it:
 * `config.json` and `model.safetensors`, or shards with an index; with a tokenizer,
 * `AutoTokenizer.from_pretrained` as well.
 *
 * @throws MetaError `BAD_OPTION` for values that `dtype` cannot hold
 */
export async function writeLlama(
  directory: string,
  params: Params,
  config: LlamaConfig,
  options: WriteOptions = {},
): Promise<void> {
  const architecture = llamaArchitecture(checkedConfig(config));
  await writeCheckpoint(directory, checkpointContents(architecture, params), options);
}
