import type { Describe } from "./modelDescription.js";
import { type Place, place } from "./place.js";
import { transpose } from "./rowOrders.js";
import { blockCount, refuseOtherArithmetic, vocabularySize } from "./sharedMetadata.js";
import { specialTokensConfig } from "./specialTokens.js";
import { embeddingsName, hasTiedHead, headName } from "./tiedHead.js";

/** Describes a GPT-2. */
export const gpt2: Describe = async (container, metadata) => {
  const maxTokens = metadata.count("gpt2.context_length");
  refuseOtherArithmetic(metadata, "gpt2", maxTokens, container.bad);
  const width = metadata.count("gpt2.embedding_length");
  const inner = metadata.count("gpt2.feed_forward_length", 4 * width);
  const layers = blockCount(container, metadata, "gpt2");
  const vocabulary = vocabularySize(container, metadata, "gpt2");
  const isTied = await hasTiedHead(container);
  return {
    config: {
      architectures: ["GPT2LMHeadModel"],
      model_type: "gpt2",
      vocab_size: vocabulary,
      n_positions: maxTokens,
      n_ctx: maxTokens,
      n_embd: width,
      n_layer: layers,
      n_head: metadata.count("gpt2.attention.head_count"),
      n_inner: inner === 4 * width ? null : inner,
      activation_function: "gelu_new",
      layer_norm_epsilon: metadata.number("gpt2.attention.layer_norm_epsilon", 1e-5),
      tie_word_embeddings: isTied,
      ...specialTokensConfig(metadata),
    },
    places: [
      place(embeddingsName, "transformer.wte.weight", [vocabulary, width]),
      place("position_embd.weight", "transformer.wpe.weight", [maxTokens, width]),
      ...Array.from({ length: layers }, (_, i) => block(i, width, inner)).flat(),
      ...norm("output_norm", "transformer.ln_f", width),
      ...(isTied ? [] : [place(headName, "lm_head.weight", [vocabulary, width])]),
    ],
    unused: isTied ? [headName] : [],
  };
};

function block(i: number, width: number, inner: number): Place[] {
  const from = `blk.${i}`;
  const to = `transformer.h.${i}`;
  return [
    ...norm(`${from}.attn_norm`, `${to}.ln_1`, width),
    ...conv1d(`${from}.attn_qkv`, `${to}.attn.c_attn`, width, 3 * width),
    ...conv1d(`${from}.attn_output`, `${to}.attn.c_proj`, width, width),
    ...norm(`${from}.ffn_norm`, `${to}.ln_2`, width),
    ...conv1d(`${from}.ffn_up`, `${to}.mlp.c_fc`, width, inner),
    ...conv1d(`${from}.ffn_down`, `${to}.mlp.c_proj`, inner, width),
  ];
}

function norm(stored: string, name: string, size: number): Place[] {
  return ["weight", "bias"].map((part) => place(`${stored}.${part}`, `${name}.${part}`, [size]));
}

/** A linear layer: its weight, [inputs, outputs] in transformers and [outputs, inputs] in llama.cpp, and its bias. */
function conv1d(stored: string, name: string, inputs: number, outputs: number): Place[] {
  return [
    {
      stored: `${stored}.weight`,
      storedShape: [outputs, inputs],
      name: `${name}.weight`,
      shape: [inputs, outputs],
      restore: (values) => transpose(values, outputs, inputs),
    },
    place(`${stored}.bias`, `${name}.bias`, [outputs]),
  ];
}
