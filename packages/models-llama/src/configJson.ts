import { z } from "zod";
import {
  type CheckedLlamaConfig,
  type LlamaConfig,
  llamaConfig,
  withHeads,
} from "./llamaConfig.js";
import { ropeJson, ropeScalingJson, ropeScalingOf } from "./ropeJson.js";

const { vocabularySize, maxTokens, width, layers, heads, mlpWidth, initializerRange } =
  llamaConfig.shape;
const optionalCount = z.int().min(1).nullish();
const optionalId = z.int().nullish();

/** An architecture of transformers. */
interface Family {
  readonly class: string;
  /** Default if a `config.json` does not contain it; otherwise as many as query heads, or derived from the width. */
  readonly keyValueHeads?: number;
  readonly headWidth?: number;
}

const families = {
  llama: { class: "LlamaForCausalLM" },
  mistral: { class: "MistralForCausalLM", keyValueHeads: 8 },
  qwen2: { class: "Qwen2ForCausalLM", keyValueHeads: 32 },
  qwen3: { class: "Qwen3ForCausalLM", keyValueHeads: 32, headWidth: 128 },
} as const satisfies Record<CheckedLlamaConfig["family"], Family>;

/** The window of Mistral and Qwen where a `config.json` leaves it out. */
const usualWindow = 4_096;

const rawJson = z
  .looseObject({
    model_type: z.enum(["llama", "mistral", "qwen2", "qwen3"], {
      error: ({ input }) => `expected llama, mistral, qwen2 or qwen3, got ${input}`,
    }),
    vocab_size: vocabularySize,
    max_position_embeddings: maxTokens,
    hidden_size: width,
    intermediate_size: mlpWidth,
    num_hidden_layers: layers,
    num_attention_heads: heads,
    num_key_value_heads: optionalCount,
    head_dim: optionalCount,
    hidden_act: z
      .enum(["silu", "swish"], { error: ({ input }) => `expected silu, got ${input}` })
      .default("silu"),
    rms_norm_eps: z.number().positive().default(1e-6),
    initializer_range: initializerRange,
    tie_word_embeddings: z.boolean().default(false),
    attention_bias: z.boolean().default(false),
    mlp_bias: z.boolean().default(false),
    rope_theta: z.number().positive().optional(),
    rope_scaling: ropeJson.nullish(),
    rope_parameters: ropeJson.nullish(),
    partial_rotary_factor: z.literal(1).nullish(),
    original_max_position_embeddings: optionalCount,
    sliding_window: optionalCount,
    use_sliding_window: z.boolean().default(false),
    max_window_layers: z.int().default(28),
    layer_types: z.array(z.string()).nullish(),
    bos_token_id: optionalId,
    eos_token_id: z.union([z.int(), z.array(z.int())]).nullish(),
    pad_token_id: optionalId,
  })
  .superRefine((json, { addIssue }) => {
    const window = windowOf(json);
    if (window >= json.max_position_embeddings) return; // hides nothing
    const message = `expected none, got ${window}: sliding windows are not implemented`;
    addIssue({ code: "custom", path: ["sliding_window"], message });
  });

type Json = z.output<typeof rawJson>;

/** The parts of a `config.json` that decide the arithmetic of Llama's family, as a shape. Others are ignored. */
export const configJson = rawJson.transform(configOf).pipe(llamaConfig).transform(withHeads);

/** Tokens that the narrowest layer sees. */
function windowOf(json: Json): number {
  const { model_type, sliding_window: window = usualWindow, layer_types: types } = json;
  if (model_type === "llama" || window === null) return Number.POSITIVE_INFINITY;
  const slides =
    model_type === "mistral" ||
    (json.use_sliding_window &&
      (types?.includes("sliding_attention") ?? json.max_window_layers < json.num_hidden_layers));
  return slides ? window : Number.POSITIVE_INFINITY;
}

/** The model that a `config.json` describes. */
function configOf(json: Json): LlamaConfig {
  const family = json.model_type;
  const usual: Family = families[family];
  const { num_key_value_heads: keyValueHeads = usual.keyValueHeads } = json;
  const { head_dim: headWidth = usual.headWidth } = json;
  const { original_max_position_embeddings: original } = json; // goes before the one of the scaling
  const rope = {
    ...(json.rope_scaling ?? json.rope_parameters),
    ...(original != null && { original_max_position_embeddings: original }),
  };
  return {
    family,
    vocabularySize: json.vocab_size,
    maxTokens: json.max_position_embeddings,
    width: json.hidden_size,
    layers: json.num_hidden_layers,
    heads: json.num_attention_heads,
    keyValueHeads: keyValueHeads ?? undefined, // null is what the other heads are
    headWidth: headWidth ?? undefined,
    mlpWidth: json.intermediate_size,
    normEpsilon: json.rms_norm_eps,
    ropeTheta: rope.rope_theta ?? json.rope_theta,
    ropeScaling: ropeScalingOf(rope),
    tiedHead: json.tie_word_embeddings,
    // Transformers reads these of no other architecture.
    attentionBias: json.attention_bias && (family === "llama" || family === "qwen3"),
    mlpBias: json.mlp_bias && family === "llama",
    initializerRange: json.initializer_range,
    bosId: json.bos_token_id,
    eosId: json.eos_token_id,
    padId: json.pad_token_id,
  };
}

/** Contents of the `config.json` of a model, in the layout of transformers 4, which transformers 5 reads, too. */
export function llamaConfigJson(config: CheckedLlamaConfig): Record<string, unknown> {
  const { family } = config;
  return {
    architectures: [families[family].class],
    model_type: family,
    vocab_size: config.vocabularySize,
    max_position_embeddings: config.maxTokens,
    hidden_size: config.width,
    intermediate_size: config.mlpWidth,
    num_hidden_layers: config.layers,
    num_attention_heads: config.heads,
    num_key_value_heads: config.keyValueHeads,
    head_dim: config.headWidth,
    hidden_act: "silu",
    rms_norm_eps: config.normEpsilon,
    initializer_range: config.initializerRange,
    tie_word_embeddings: config.tiedHead,
    ...((family === "llama" || family === "qwen3") && { attention_bias: config.attentionBias }),
    ...(family === "llama" && { mlp_bias: config.mlpBias }),
    ...(family === "mistral" && { sliding_window: null }),
    ...((family === "qwen2" || family === "qwen3") && { use_sliding_window: false }),
    rope_theta: config.ropeTheta,
    rope_scaling: ropeScalingJson(config.ropeScaling),
    bos_token_id: config.bosId,
    eos_token_id: config.eosId,
    pad_token_id: config.padId,
  };
}
