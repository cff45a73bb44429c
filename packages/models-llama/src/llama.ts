import type { Params, Tokenizer } from "@metalearn/core";
import {
  type Architecture,
  type AttentionContext,
  type Heads,
  linear,
  type RotaryAngles,
  rmsNorm,
  rotaryAngles,
  rotate,
  type Shapes,
  parameterShapes as shapesOf,
  splitHeads,
  type Transformer,
  transformer,
} from "@metalearn/language-models";
import * as tf from "@tensorflow/tfjs";
import { llamaConfigJson } from "./configJson.js";
import { type CheckedLlamaConfig, checkedConfig, type LlamaConfig } from "./llamaConfig.js";

// In comments, B sequences of T tokens are B*T rows of width C; V is the size of the vocabulary. H heads of
// queries and Hkv heads of keys and values are D wide. A block returns its output for all rows; the last block only
// for the rows that predict something: `outputs`.

/** A config, and the rotary angles of positions. */
interface BlockConfig extends CheckedLlamaConfig {
  readonly anglesAt: (positions: tf.Tensor1D) => RotaryAngles;
}

/** Causal self-attention with rotary positions, where heads share keys and values: [B*T, C] to [outputs, C]. */
function attention(
  x: tf.Tensor2D,
  params: Params,
  { family, heads, keyValueHeads, normEpsilon, anglesAt }: BlockConfig,
  context: AttentionContext,
): tf.Tensor2D {
  const projected = (rows: tf.Tensor2D, name: string, count: number): Heads =>
    splitHeads(linear(rows, params, `self_attn.${name}_proj`), count); // [count, rows, D]
  const normed = (y: Heads, name: string): Heads =>
    family === "qwen3" ? rmsNorm(y, params, `self_attn.${name}_norm`, normEpsilon) : y;
  const angles = anglesAt(context.positions()); // [B*T, D/2]
  const ofQueries = { cos: context.queryRows(angles.cos), sin: context.queryRows(angles.sin) };
  const q = rotate(normed(projected(context.queryRows(x), "q", heads), "q"), ofQueries);
  const k = rotate(normed(projected(x, "k", keyValueHeads), "k"), angles);
  const v = projected(x, "v", keyValueHeads);
  return linear(context.attend(q, k, v), params, "self_attn.o_proj");
}

/** SwiGLU (Shazeer 2020): [rows, C] to [rows, C]. */
function mlp(x: tf.Tensor2D, params: Params): tf.Tensor2D {
  const gate = linear(x, params, "mlp.gate_proj");
  const silu = tf.mul(gate, tf.sigmoid(gate));
  return linear(tf.mul(silu, linear(x, params, "mlp.up_proj")), params, "mlp.down_proj");
}

/** One layer: [B*T, C] to [outputs, C]. */
function block(
  x: tf.Tensor2D,
  params: Params,
  config: BlockConfig,
  context: AttentionContext,
): tf.Tensor2D {
  const normed = (y: tf.Tensor2D, name: string) => rmsNorm(y, params, name, config.normEpsilon);
  const attended = attention(normed(x, "input_layernorm"), params, config, context);
  const y: tf.Tensor2D = tf.add(context.outputRows(x), attended);
  return tf.add(y, mlp(normed(y, "post_attention_layernorm"), params));
}

function blockShapes({
  family,
  width,
  heads,
  keyValueHeads,
  headWidth,
  mlpWidth,
  attentionBias,
  mlpBias,
}: CheckedLlamaConfig): Shapes {
  const layer = (name: string, outputs: number, inputs: number, hasBias: boolean): Shapes => ({
    [`${name}.weight`]: [outputs, inputs],
    ...(hasBias && { [`${name}.bias`]: [outputs] }),
  });
  const inputBias = attentionBias || family === "qwen2";
  return {
    ...layer("self_attn.q_proj", heads * headWidth, width, inputBias),
    ...layer("self_attn.k_proj", keyValueHeads * headWidth, width, inputBias),
    ...layer("self_attn.v_proj", keyValueHeads * headWidth, width, inputBias),
    ...layer("self_attn.o_proj", width, heads * headWidth, attentionBias),
    ...(family === "qwen3" && {
      "self_attn.q_norm.weight": [headWidth],
      "self_attn.k_norm.weight": [headWidth],
    }),
    ...layer("mlp.gate_proj", mlpWidth, width, mlpBias),
    ...layer("mlp.up_proj", mlpWidth, width, mlpBias),
    ...layer("mlp.down_proj", width, mlpWidth, mlpBias),
    "input_layernorm.weight": [width],
    "post_attention_layernorm.weight": [width],
  };
}

/** A model of Llama's family without parameters. */
export interface Llama extends Transformer {
  readonly config: CheckedLlamaConfig;
}

/**
 * A decoder of Llama's family over named parameters, in TensorFlow.js operations that can be differentiated
 * twice: Llama 2 and 3, SmolLM, TinyLlama, Mistral without a sliding window, Qwen2 and Qwen3.
 *
 * Parameters carry transformers' names (`layers.0.self_attn.q_proj.weight`), with weights stored
 * `[out, in]`. There is no dropout.
 *
 * Source: Touvron et al. 2023 (Llama 2), section 2.2; layout of transformers' `LlamaForCausalLM`,
 * `MistralForCausalLM`, `Qwen2ForCausalLM` and `Qwen3ForCausalLM`.
 *
 * @throws MetaError `BAD_OPTION` for a bad shape, or a tokenizer larger than the vocabulary
 */
export function llama(config: LlamaConfig, tokenizer: Tokenizer): Llama {
  const checked = checkedConfig(config);
  return { ...transformer(llamaArchitecture(checked), tokenizer), config: checked };
}

/** The shape of every parameter, in the model's order. */
export function parameterShapes(config: LlamaConfig): Record<string, number[]> {
  return shapesOf(llamaArchitecture(checkedConfig(config)));
}

/** The parts of a model of Llama's family. */
export function llamaArchitecture(config: CheckedLlamaConfig): Architecture {
  const { vocabularySize, maxTokens, width, layers, heads, normEpsilon, tiedHead } = config;
  const anglesAt = rotaryAngles(config.headWidth, maxTokens, {
    theta: config.ropeTheta,
    scaling: config.ropeScaling,
  });
  return {
    name: config.family,
    maxTokens,
    layers,
    heads,
    shapes: {
      embed: { "embed_tokens.weight": [vocabularySize, width] },
      block: blockShapes(config),
      head: {
        "norm.weight": [width],
        ...(!tiedHead && { "lm_head.weight": [vocabularySize, width] }),
      },
    },
    blockPrefix: (layer) => `layers.${layer}.`,
    tokenEmbeddings: "embed_tokens.weight",
    outputHead: "lm_head.weight",
    initialDeviation: () => config.initializerRange,
    block: (x, params, context) => block(x, params, { ...config, anglesAt }, context),
    head: (x, params) =>
      linear(
        rmsNorm(x, params, "norm", normEpsilon),
        params,
        tiedHead ? "embed_tokens" : "lm_head",
      ),
    checkpoint: {
      title: "model of Llama's family",
      prefix: "model.",
      buffers: /(^|\.)rotary_emb\.inv_freq$/, // of older checkpoints
      peft: {
        linear: ["layers.*.self_attn.*_proj.weight", "layers.*.mlp.*_proj.weight"],
        fanInFanOut: false,
      },
      config: llamaConfigJson(config),
    },
  };
}
