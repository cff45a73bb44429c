import type { Complaint } from "@metalearn/core/files";
import type { MetadataReader } from "./metadataReader.js";
import type { Describe, HuggingFaceConfig } from "./modelDescription.js";
import type { GgufContainer } from "./openContainer.js";
import { type Place, place } from "./place.js";
import { type RopeScaling, ropeFactorsName, ropeScalingOf } from "./ropeScaling.js";
import { unpairRows } from "./rowOrders.js";
import { blockCount, refuseOtherArithmetic, vocabularySize } from "./sharedMetadata.js";
import { specialTokensConfig } from "./specialTokens.js";
import { embeddingsName, hasTiedHead, headName } from "./tiedHead.js";

/** Architectures that differ only in biases, norms of queries and keys, and the order of the rows of both. */
export type LlamaKind = "llama" | "qwen2" | "qwen3";

/** The `config.json` of a Llama, Qwen2 or Qwen3. */
interface LlamaConfig extends HuggingFaceConfig {
  readonly model_type: LlamaKind;
  readonly hidden_size: number;
  readonly intermediate_size: number;
  readonly num_hidden_layers: number;
  readonly num_attention_heads: number;
  readonly num_key_value_heads: number;
  readonly head_dim: number;
  readonly rope_theta: number;
  readonly rope_scaling: RopeScaling | null;
}

const classes: Readonly<Record<LlamaKind, string>> = {
  llama: "LlamaForCausalLM",
  qwen2: "Qwen2ForCausalLM",
  qwen3: "Qwen3ForCausalLM",
};

/** Describes a Llama, Qwen2 or Qwen3; llama.cpp has a name for each. */
export const llamaFamily =
  (kind: LlamaKind): Describe =>
  async (container, metadata) => {
    const biases = biasesIn(container, kind);
    const config = await configOf(container, metadata, kind, biases);
    return {
      config,
      places: placesOf(config, biases),
      unused: [
        ...(config.tie_word_embeddings ? [headName] : []),
        ...(kind === "llama" ? [ropeFactorsName] : []),
      ],
    };
  };

interface Biases {
  /** True if the projections of queries, keys and values have biases. */
  readonly input: boolean;
  /** True if the output projection has a bias. */
  readonly output: boolean;
  readonly mlp: boolean;
}

/** Biases of a model. In attention Qwen2 has those of the input projections only; Llama and Qwen3 have all or none. */
function biasesIn({ tensors }: GgufContainer, kind: LlamaKind): Biases {
  const names = [...tensors.keys()];
  const attention = names.some((name) => /^blk\.\d+\.attn_(q|k|v|output)\.bias$/.test(name));
  const mlp = names.some((name) => /^blk\.\d+\.ffn_(gate|up|down)\.bias$/.test(name));
  if (kind === "qwen2") return { input: true, output: false, mlp: false };
  return { input: attention, output: attention, mlp: mlp && kind === "llama" };
}

async function configOf(
  container: GgufContainer,
  metadata: MetadataReader,
  kind: LlamaKind,
  biases: Biases,
): Promise<LlamaConfig> {
  const { bad } = container;
  const key = (name: string) => `${kind}.${name}`;
  const maxTokens = metadata.count(key("context_length"));
  refuseOtherArithmetic(metadata, kind, maxTokens, bad);
  const width = metadata.count(key("embedding_length"));
  const heads = metadata.count(key("attention.head_count"));
  const keyValueHeads = metadata.count(key("attention.head_count_kv"), heads);
  if (heads % keyValueHeads !== 0) {
    throw bad(`its ${heads} heads cannot share ${keyValueHeads} heads of keys and values`);
  }
  const headDim = headDimOf(metadata, kind, width / heads, bad);
  const theta = metadata.number(key("rope.freq_base"), 10_000);
  return {
    architectures: [classes[kind]],
    model_type: kind,
    vocab_size: vocabularySize(container, metadata, kind),
    hidden_size: width,
    intermediate_size: metadata.count(key("feed_forward_length")),
    num_hidden_layers: blockCount(container, metadata, kind),
    num_attention_heads: heads,
    num_key_value_heads: keyValueHeads,
    head_dim: headDim,
    hidden_act: "silu",
    max_position_embeddings: maxTokens,
    rms_norm_eps: metadata.number(key("attention.layer_norm_rms_epsilon")),
    rope_theta: theta,
    rope_scaling: await ropeScalingOf(container, metadata, kind, { theta, headDim }),
    tie_word_embeddings: await hasTiedHead(container),
    ...(kind === "qwen2" ? {} : { attention_bias: biases.input }),
    ...(kind === "llama" ? { mlp_bias: biases.mlp } : { use_sliding_window: false }),
    ...specialTokensConfig(metadata),
  };
}

/** The width of a head. @throws MetaError `BAD_CHECKPOINT` unless rotary position embedding rotates all of it */
function headDimOf(
  metadata: MetadataReader,
  kind: LlamaKind,
  share: number,
  bad: Complaint,
): number {
  const headDim = metadata.count(`${kind}.attention.key_length`, share);
  const others = {
    "attention.value_length": metadata.count(`${kind}.attention.value_length`, headDim),
    "rope.dimension_count": metadata.count(`${kind}.rope.dimension_count`, headDim),
  };
  if (!Number.isInteger(headDim) || headDim % 2 !== 0) {
    throw bad(`its heads would be ${headDim} wide, which is not an even number`);
  }
  for (const [name, size] of Object.entries(others)) {
    if (size !== headDim) {
      throw bad(
        `its metadata "${kind}.${name}" is ${size}; only the width of a head, ${headDim}, can be read`,
      );
    }
  }
  return headDim;
}

function placesOf(config: LlamaConfig, biases: Biases): Place[] {
  const { hidden_size: width, intermediate_size: inner, head_dim: headDim } = config;
  const queries = config.num_attention_heads * headDim;
  const keys = config.num_key_value_heads * headDim;
  const isPaired = config.model_type === "llama";

  /** A matrix [rows, columns], and its bias where it has one. */
  const linear = (stored: string, name: string, rows: number, columns: number, bias: boolean) => [
    place(`${stored}.weight`, `${name}.weight`, [rows, columns]),
    ...(bias ? [place(`${stored}.bias`, `${name}.bias`, [rows])] : []),
  ];
  /** Restores the row order of query or key projections, whose rows llama.cpp has in pairs for a Llama. */
  const rotary = (heads: number, places: Place[]) =>
    isPaired
      ? places.map((each) => ({
          ...each,
          restore: (values: Float32Array) => unpairRows(values, heads * headDim, heads),
        }))
      : places;
  const norm = (stored: string, name: string, size: number) =>
    place(`${stored}.weight`, `${name}.weight`, [size]);

  const block = (i: number): Place[] => {
    const from = `blk.${i}`;
    const to = `model.layers.${i}`;
    return [
      norm(`${from}.attn_norm`, `${to}.input_layernorm`, width),
      ...rotary(
        config.num_attention_heads,
        linear(`${from}.attn_q`, `${to}.self_attn.q_proj`, queries, width, biases.input),
      ),
      ...rotary(
        config.num_key_value_heads,
        linear(`${from}.attn_k`, `${to}.self_attn.k_proj`, keys, width, biases.input),
      ),
      ...linear(`${from}.attn_v`, `${to}.self_attn.v_proj`, keys, width, biases.input),
      ...linear(`${from}.attn_output`, `${to}.self_attn.o_proj`, width, queries, biases.output),
      ...(config.model_type === "qwen3"
        ? [
            norm(`${from}.attn_q_norm`, `${to}.self_attn.q_norm`, headDim),
            norm(`${from}.attn_k_norm`, `${to}.self_attn.k_norm`, headDim),
          ]
        : []),
      norm(`${from}.ffn_norm`, `${to}.post_attention_layernorm`, width),
      ...linear(`${from}.ffn_gate`, `${to}.mlp.gate_proj`, inner, width, biases.mlp),
      ...linear(`${from}.ffn_up`, `${to}.mlp.up_proj`, inner, width, biases.mlp),
      ...linear(`${from}.ffn_down`, `${to}.mlp.down_proj`, width, inner, biases.mlp),
    ];
  };
  return [
    place(embeddingsName, "model.embed_tokens.weight", [config.vocab_size, width]),
    ...Array.from({ length: config.num_hidden_layers }, (_, i) => block(i)).flat(),
    norm("output_norm", "model.norm", width),
    ...(config.tie_word_embeddings
      ? []
      : [place(headName, "lm_head.weight", [config.vocab_size, width])]),
  ];
}
