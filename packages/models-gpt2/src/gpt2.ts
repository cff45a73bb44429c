import { type Params, parseOptions, type Tokenizer, tensorNamed } from "@metalearn/core";
import {
  type Architecture,
  type AttentionContext,
  type Heads,
  layerNorm,
  type Positions,
  positionEmbeddings,
  parameterShapes as shapesOf,
  splitHeads,
  type Transformer,
  transformer,
} from "@metalearn/language-models";
import * as tf from "@tensorflow/tfjs";
import { z } from "zod";

const count = z.int().min(1);

/** The shape of a GPT-2. */
export const gpt2Config = z
  .strictObject({
    /** Tokens in the vocabulary. */
    vocabularySize: count,
    /** Longest sequence, in tokens. */
    maxTokens: count,
    /** Width of the residual stream, a multiple of `heads`. */
    width: count,
    layers: count.max(1_000), // limits the number of parameter names that a typing error can create
    heads: count,
    /** Standard deviation of freshly drawn weights. Narrow models learn sooner with a larger one. */
    initializerRange: z.number().min(0).default(0.02),
    /** Token that begins sequences. @default the last of the vocabulary, as published */
    bosId: z.int().min(0).nullable().optional(),
    /** Token, or tokens, that end sequences. @default likewise */
    eosId: z
      .union([z.int().min(0), z.array(z.int().min(0))])
      .nullable()
      .optional(),
  })
  .refine(({ width, heads }) => width % heads === 0, {
    path: ["width"],
    error: ({ input }) => {
      const { width, heads } = input as { width: number; heads: number };
      return `expected a multiple of heads (${heads}), got ${width}`;
    },
  });

/** The shape of a GPT-2. */
export type Gpt2Config = z.input<typeof gpt2Config>;

const published = { vocabularySize: 50_257, maxTokens: 1_024 };

/** The four published sizes (Radford et al. 2019, table 2). */
export const gpt2Sizes = {
  gpt2: { ...published, layers: 12, width: 768, heads: 12 },
  "gpt2-medium": { ...published, layers: 24, width: 1_024, heads: 16 },
  "gpt2-large": { ...published, layers: 36, width: 1_280, heads: 20 },
  "gpt2-xl": { ...published, layers: 48, width: 1_600, heads: 25 },
} as const satisfies Record<string, Gpt2Config>;

// In comments, B sequences of T tokens are B*T rows of width C; V is the size of the vocabulary. A block gives
// its output for all rows or, if it is the last one, for those at which something is predicted: `outputs`.

/** Causal self-attention: [B*T, C] to [outputs, C]. */
function attention(
  x: tf.Tensor2D,
  params: Params,
  heads: number,
  context: AttentionContext,
): tf.Tensor2D {
  const parts = queriesKeysValues(x, params, context).map((rows) => splitHeads(rows, heads));
  const [q, k, v] = parts as [Heads, Heads, Heads]; // [H, rows, C/H] each
  const y = context.attend(q, k, v); // [outputs, C]
  return conv1d(y, params, "attn.c_proj");
}

/** Queries, [queries, C], keys and values, [B*T, C]: `c_attn` makes them side by side, [., 3C]. */
function queriesKeysValues(
  x: tf.Tensor2D,
  params: Params,
  { isPartial, queryRows }: AttentionContext,
): tf.Tensor[] {
  const width = x.shape[1];
  if (!isPartial) return tf.split(conv1d(x, params, "attn.c_attn"), 3, 1);
  const keysValues = conv1d(x, params, "attn.c_attn", { from: width, size: 2 * width });
  const queries = conv1d(queryRows(x), params, "attn.c_attn", { from: 0, size: width });
  return [queries, ...tf.split(keysValues, 2, 1)];
}

/** [rows, C] to [rows, C], by way of [rows, 4C]. */
function mlp(x: tf.Tensor2D, params: Params): tf.Tensor2D {
  return conv1d(gelu(conv1d(x, params, "mlp.c_fc")), params, "mlp.c_proj");
}

/** One layer: [B*T, C] to [outputs, C]. */
function block(
  x: tf.Tensor2D,
  params: Params,
  heads: number,
  context: AttentionContext,
): tf.Tensor2D {
  const attended = attention(layerNorm(x, params, "ln_1"), params, heads, context);
  const y: tf.Tensor2D = tf.add(context.outputRows(x), attended);
  return tf.add(y, mlp(layerNorm(y, params, "ln_2"), params));
}

/** Embeddings of tokens, [B, T, C], with those of their positions added. */
function embed(tokens: tf.Tensor, params: Params, positions: Positions): tf.Tensor {
  return tf.add(tokens, positionEmbeddings(tensorNamed(params, "wpe.weight"), positions));
}

/** Final norm and output head: [outputs, C] to [outputs, V]. */
function head(x: tf.Tensor2D, params: Params): tf.Tensor2D {
  const embeddings = tensorNamed(params, "wte.weight") as tf.Tensor2D; // [V, C]
  return tf.matMul(layerNorm(x, params, "ln_f"), embeddings, false, true);
}

/** Hugging Face's `Conv1D`: a linear layer with weights `[in, out]`, or with some of its columns. */
function conv1d(
  x: tf.Tensor2D,
  params: Params,
  name: string,
  columns?: { readonly from: number; readonly size: number },
): tf.Tensor2D {
  let weight = tensorNamed(params, `${name}.weight`) as tf.Tensor2D;
  let bias = tensorNamed(params, `${name}.bias`);
  if (columns) {
    weight = tf.slice(weight, [0, columns.from], [weight.shape[0], columns.size]);
    bias = tf.slice(bias, [columns.from], [columns.size]);
  }
  return tf.add(tf.matMul(x, weight), bias);
}

/** GELU in the tanh form that GPT-2 was trained with (Hendrycks and Gimpel 2016). */
function gelu(x: tf.Tensor2D): tf.Tensor2D {
  const cube = tf.mul(tf.mul(x, x), x);
  const inner = tf.mul(tf.add(x, tf.mul(cube, 0.044715)), Math.sqrt(2 / Math.PI));
  return tf.mul(tf.mul(x, 0.5), tf.add(tf.tanh(inner), 1));
}

/** A GPT-2 without parameters. */
export interface Gpt2 extends Transformer {
  readonly config: z.output<typeof gpt2Config>;
}

/**
 * GPT-2 over named parameters, in TensorFlow.js operations that can be differentiated twice.
 *
 * Parameters carry the names of the published checkpoint (`wte.weight`, `h.0.attn.c_attn.weight`),
 * with weights stored `[in, out]`; the output head is `wte.weight`. There is no dropout.
 *
 * This file defines the layers. `transformer` of `@metalearn/language-models` makes a model of them; its loss is
 * `lossOf` in transformer/forward.ts: cross-entropies of the scored tokens, averaged by core's `batchLoss`.
 *
 * Source: Radford et al. 2019; layout of Hugging Face's `GPT2LMHeadModel`.
 *
 * @throws MetaError `BAD_OPTION` for a bad shape, or a tokenizer larger than the vocabulary
 */
export function gpt2(config: Gpt2Config, tokenizer: Tokenizer): Gpt2 {
  const checked = parseOptions(gpt2Config, config);
  return { ...transformer(gpt2Architecture(checked), tokenizer), config: checked };
}

/** The shape of every parameter, in the model's order. */
export function parameterShapes(config: Gpt2Config): Record<string, number[]> {
  return shapesOf(gpt2Architecture(parseOptions(gpt2Config, config)));
}

/** The parts of a GPT-2. */
export function gpt2Architecture({
  vocabularySize,
  maxTokens,
  width,
  layers,
  heads,
  initializerRange,
  bosId = vocabularySize - 1,
  eosId = vocabularySize - 1,
}: Gpt2["config"]): Architecture {
  return {
    name: "gpt2",
    maxTokens,
    layers,
    heads,
    shapes: {
      embed: { "wte.weight": [vocabularySize, width], "wpe.weight": [maxTokens, width] },
      block: {
        "ln_1.weight": [width],
        "ln_1.bias": [width],
        "attn.c_attn.weight": [width, 3 * width],
        "attn.c_attn.bias": [3 * width],
        "attn.c_proj.weight": [width, width],
        "attn.c_proj.bias": [width],
        "ln_2.weight": [width],
        "ln_2.bias": [width],
        "mlp.c_fc.weight": [width, 4 * width],
        "mlp.c_fc.bias": [4 * width],
        "mlp.c_proj.weight": [4 * width, width],
        "mlp.c_proj.bias": [width],
      },
      head: { "ln_f.weight": [width], "ln_f.bias": [width] },
    },
    blockPrefix: (layer) => `h.${layer}.`,
    tokenEmbeddings: "wte.weight",
    outputHead: "lm_head.weight",
    // Smaller where a block writes to the residual stream.
    initialDeviation: (name) =>
      name.endsWith("c_proj.weight") ? initializerRange / Math.sqrt(2 * layers) : initializerRange,
    embed,
    block: (x, params, context) => block(x, params, heads, context),
    head,
    checkpoint: {
      title: "GPT-2",
      prefix: "transformer.",
      buffers: /^h\.\d+\.attn\.(masked_)?bias$/,
      peft: { linear: ["h.*.c_*.weight"], fanInFanOut: true },
      config: {
        architectures: ["GPT2LMHeadModel"],
        model_type: "gpt2",
        vocab_size: vocabularySize,
        n_positions: maxTokens,
        n_ctx: maxTokens,
        n_embd: width,
        n_layer: layers,
        n_head: heads,
        activation_function: "gelu_new",
        layer_norm_epsilon: 1e-5,
        initializer_range: initializerRange,
        tie_word_embeddings: true,
        bos_token_id: bosId,
        eos_token_id: eosId,
      },
    },
  };
}
