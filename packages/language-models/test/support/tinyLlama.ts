import type { RawGguf, RawTensor, RawValue } from "./rawGguf.js";

const metadata: Readonly<Record<string, RawValue>> = {
  "general.architecture": { type: "text", value: "llama" },
  "llama.context_length": { type: "u32", value: 8 },
  "llama.embedding_length": { type: "u32", value: 4 },
  "llama.feed_forward_length": { type: "u32", value: 6 },
  "llama.block_count": { type: "u32", value: 1 },
  "llama.attention.head_count": { type: "u32", value: 2 },
  "llama.attention.layer_norm_rms_epsilon": { type: "f32", value: 1e-5 },
};

const shapes: Readonly<Record<string, readonly number[]>> = {
  "token_embd.weight": [4, 3],
  "blk.0.attn_norm.weight": [4],
  "blk.0.attn_q.weight": [4, 4],
  "blk.0.attn_k.weight": [4, 4],
  "blk.0.attn_v.weight": [4, 4],
  "blk.0.attn_output.weight": [4, 4],
  "blk.0.ffn_norm.weight": [4],
  "blk.0.ffn_gate.weight": [4, 6],
  "blk.0.ffn_up.weight": [4, 6],
  "blk.0.ffn_down.weight": [6, 4],
  "output_norm.weight": [4],
};

/** The least that a Llama's file has: 3 tokens, width 4, 2 heads, one block, all numbers 0; and changes to it. */
export function tinyLlama(change: {
  readonly metadata?: Readonly<Record<string, RawValue | undefined>>;
  readonly without?: readonly string[];
  readonly tensors?: readonly Omit<RawTensor, "offset">[];
}): RawGguf {
  const entries = Object.entries({ ...metadata, ...change.metadata });
  const all = [
    ...Object.entries(shapes).map(([name, dims]) => ({ name, dims, type: 0 })),
    ...(change.tensors ?? []),
  ].filter((tensor) => change.tensors?.includes(tensor) || !change.without?.includes(tensor.name));
  // 128 bytes are enough for each.
  return {
    metadata: entries.filter((entry): entry is [string, RawValue] => entry[1] !== undefined),
    tensors: all.map((tensor, i) => ({ ...tensor, offset: 128 * i })),
    data: new Uint8Array(128 * all.length),
  };
}
