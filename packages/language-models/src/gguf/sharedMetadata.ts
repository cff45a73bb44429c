import type { Complaint } from "@metalearn/core/files";
import type { MetadataReader } from "./metadataReader.js";
import type { GgufContainer } from "./openContainer.js";
import { embeddingsName } from "./tiedHead.js";

/** Number of blocks of a model. @throws MetaError `BAD_CHECKPOINT` for more blocks than the file has tensors */
export function blockCount(
  { tensors, bad }: GgufContainer,
  metadata: MetadataReader,
  prefix: string,
): number {
  const blocks = metadata.count(`${prefix}.block_count`);
  if (blocks <= tensors.size) return blocks;
  throw bad(`its metadata promises ${blocks} blocks, but it has ${tensors.size} tensors`);
}

/** Vocabulary size: the rows of the embeddings. @throws MetaError `BAD_CHECKPOINT` if the metadata differ */
export function vocabularySize(
  { tensors, bad }: GgufContainer,
  metadata: MetadataReader,
  prefix: string,
): number {
  const rows = tensors.get(embeddingsName)?.shape[0];
  if (rows === undefined) throw bad(`there is no tensor "${embeddingsName}"`);
  const stated = metadata.count(`${prefix}.vocab_size`, rows);
  if (stated !== rows) throw bad(`it has ${rows} embeddings for a vocabulary of ${stated}`);
  return rows;
}

/** Metadata that change a model's arithmetic, with their neutral values; 0 means absent in llama.cpp. */
const neutral: Readonly<Record<string, readonly (number | boolean)[]>> = {
  attn_logit_softcapping: [0],
  "attention.causal": [true],
  "attention.clamp_kqv": [0],
  "attention.max_alibi_bias": [0],
  "attention.scale": [0],
  embedding_scale: [0, 1],
  expert_count: [0],
  final_logit_softcapping: [0],
  logit_scale: [0, 1],
  residual_scale: [0, 1],
  "rope.scaling.attn_factor": [1],
  swin_norm: [false],
  use_parallel_residual: [false],
};

/**
 * Refuses models whose arithmetic differs from that of transformers' class of the same architecture.
 *
 * @param maxTokens context length; a sliding window of at least this many tokens has no effect
 * @throws MetaError `BAD_CHECKPOINT` that names the metadata
 */
export function refuseOtherArithmetic(
  metadata: MetadataReader,
  prefix: string,
  maxTokens: number,
  bad: Complaint,
): void {
  for (const [name, allowed] of Object.entries(neutral)) {
    const key = `${prefix}.${name}`;
    if (!metadata.has(key)) continue;
    const value =
      typeof allowed[0] === "boolean" ? metadata.flag(key, null) : metadata.number(key, null);
    if (value === null || !allowed.includes(value)) throw otherArithmetic(key, value, bad);
  }
  const key = `${prefix}.attention.sliding_window`;
  const window = metadata.number(key, 0);
  if (window > 0 && window < maxTokens) throw otherArithmetic(key, window, bad);
}

function otherArithmetic(key: string, value: unknown, bad: Complaint): Error {
  return bad(
    `its metadata "${key}" is ${value}, which the models that can be loaded do not compute`,
  );
}
