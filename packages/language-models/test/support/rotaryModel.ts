import { type Params, type Tokenizer, tensorNamed } from "@metalearn/core";
import * as tf from "@tensorflow/tfjs";
import {
  type Architecture,
  type AttentionContext,
  type Heads,
  linear,
  splitHeads,
  transformer,
} from "../../src/index.js";

/** The shape of a {@link rotaryModel}. */
export interface RotaryConfig {
  readonly vocabularySize: number;
  readonly maxTokens: number;
  readonly width: number;
  readonly inner: number;
  readonly layers: number;
  readonly heads: number;
  readonly keyValueHeads: number;
  readonly theta: number;
  readonly epsilon: number;
  readonly isTied: boolean;
}

/**
 * A model that differs from GPT-2 where an architecture can: rotary positions, heads that share keys and values,
 * RMSNorm, a gated MLP, weights `[out, in]` and an output head of its own. It is what transformers calls Llama.
 */
export function rotaryModel(config: RotaryConfig, tokenizer: Tokenizer) {
  return transformer(rotaryArchitecture(config), tokenizer);
}

export function rotaryArchitecture(config: RotaryConfig): Architecture {
  const { vocabularySize, maxTokens, width, inner, layers, heads, keyValueHeads, isTied } = config;
  const shared = (width / heads) * keyValueHeads;
  return {
    name: "rotary",
    maxTokens,
    layers,
    heads,
    shapes: {
      embed: { "embed_tokens.weight": [vocabularySize, width] },
      block: {
        "self_attn.q_proj.weight": [width, width],
        "self_attn.k_proj.weight": [shared, width],
        "self_attn.v_proj.weight": [shared, width],
        "self_attn.o_proj.weight": [width, width],
        "mlp.gate_proj.weight": [inner, width],
        "mlp.up_proj.weight": [inner, width],
        "mlp.down_proj.weight": [width, inner],
        "input_layernorm.weight": [width],
        "post_attention_layernorm.weight": [width],
      },
      head: {
        "norm.weight": [width],
        ...(isTied ? {} : { "lm_head.weight": [vocabularySize, width] }),
      },
    },
    blockPrefix: (layer) => `layers.${layer}.`,
    tokenEmbeddings: "embed_tokens.weight",
    outputHead: "lm_head.weight",
    initialDeviation: () => 0.2,
    block(x, params, context) {
      const normed = rmsNorm(x, params, "input_layernorm", config.epsilon);
      const attended = attention(normed, params, config, context);
      const y: tf.Tensor2D = tf.add(context.outputRows(x), attended);
      return tf.add(y, mlp(rmsNorm(y, params, "post_attention_layernorm", config.epsilon), params));
    },
    head: (x, params) =>
      tf.matMul(
        rmsNorm(x, params, "norm", config.epsilon),
        tensorNamed(params, isTied ? "embed_tokens.weight" : "lm_head.weight") as tf.Tensor2D,
        false,
        true,
      ),
    checkpoint: {
      title: "rotary model",
      prefix: "model.",
      config: { model_type: "llama", tie_word_embeddings: isTied },
    },
  };
}

function attention(
  x: tf.Tensor2D,
  params: Params,
  { width, heads, keyValueHeads, theta }: RotaryConfig,
  context: AttentionContext,
): tf.Tensor2D {
  const { cos, sin } = rotary(context.positions(), width / heads, theta); // [B*T, D]
  const { queryRows } = context;
  const q = splitHeads(linear(queryRows(x), params, "self_attn.q_proj"), heads);
  const k = splitHeads(linear(x, params, "self_attn.k_proj"), keyValueHeads);
  const v = splitHeads(linear(x, params, "self_attn.v_proj"), keyValueHeads);
  const y = context.attend(rotate(q, queryRows(cos), queryRows(sin)), rotate(k, cos, sin), v);
  return linear(y, params, "self_attn.o_proj");
}

/** Su et al. 2021, with the two halves of a head as the parts of a complex number. */
function rotary(positions: tf.Tensor1D, size: number, theta: number) {
  const frequencies = Array.from({ length: size / 2 }, (_, i) => theta ** ((-2 * i) / size));
  const angles = tf.outerProduct(tf.cast(positions, "float32"), tf.tensor1d(frequencies));
  const both = tf.concat([angles, angles], 1); // [B*T, D]
  return { cos: tf.cos(both), sin: tf.sin(both) };
}

function rotate(x: Heads, cos: tf.Tensor, sin: tf.Tensor): Heads {
  const [first, second] = tf.split(x, 2, 2) as [Heads, Heads];
  return tf.add(tf.mul(x, cos), tf.mul(tf.concat([tf.neg(second), first], 2), sin));
}

function mlp(x: tf.Tensor2D, params: Params): tf.Tensor2D {
  const gate = linear(x, params, "mlp.gate_proj");
  const gated = tf.mul(tf.mul(gate, tf.sigmoid(gate)), linear(x, params, "mlp.up_proj"));
  return linear(gated as tf.Tensor2D, params, "mlp.down_proj");
}

function rmsNorm(x: tf.Tensor2D, params: Params, name: string, epsilon: number): tf.Tensor2D {
  const scale = tf.rsqrt(tf.add(tf.mean(tf.square(x), -1, true), epsilon));
  return tf.mul(tf.mul(x, scale), tensorNamed(params, `${name}.weight`));
}
