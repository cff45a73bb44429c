import {
  crossEntropy,
  type LanguageModel,
  MetaError,
  type Params,
  randomFor,
  type TokenBatch,
  type Tokenizer,
  tensorNamed,
} from "@metalearn/core";
import * as tf from "@tensorflow/tfjs";
import { defaultInitializerRange, type Gpt2Config, parameterShapes } from "./gpt2Config.js";
import { readHuggingFaceParams, writeHuggingFace } from "./huggingFace.js";

/** A GPT-2 without parameters. */
export interface Gpt2 extends LanguageModel {
  readonly config: Gpt2Config;
  /** Next-token scores at every position: `[batch, time, vocabulary]`. */
  logits(params: Params, inputIds: tf.Tensor2D): tf.Tensor3D;
}

/**
 * GPT-2 over named parameters, in TensorFlow.js operations that can be differentiated twice.
 *
 * Parameters carry the names of the published checkpoint (`wte.weight`, `h.0.attn.c_attn.weight`),
 * with weights stored `[in, out]`; the output head is `wte.weight`. There is no dropout.
 *
 * Source: Radford et al. 2019; layout of Hugging Face's `GPT2LMHeadModel`.
 *
 * @throws MetaError `BAD_OPTION` when the width is not a multiple of the heads
 */
export function gpt2(config: Gpt2Config, tokenizer: Tokenizer): Gpt2 {
  const { vocabularySize, maxTokens, width, layers, heads } = config;
  if (width % heads !== 0) {
    throw new MetaError(
      "BAD_OPTION",
      `width must be a multiple of heads, but ${width} is not a multiple of ${heads}.`,
    );
  }
  if (tokenizer.vocabularySize > vocabularySize) {
    throw new MetaError(
      "BAD_OPTION",
      `The ${tokenizer.name} tokenizer has ${tokenizer.vocabularySize} tokens, but the model's vocabulary only ${vocabularySize}.`,
    );
  }

  /** Output of the last layer norm: [batch, time, width]. */
  const hidden = (params: Params, inputIds: tf.Tensor2D): tf.Tensor3D => {
    const [batch, time] = inputIds.shape;
    if (time > maxTokens) {
      throw new MetaError(
        "SHAPE_MISMATCH",
        `The model reads at most ${maxTokens} tokens, but was given ${time}.`,
      );
    }
    const tokens = tf.gather(tensorNamed(params, "wte.weight"), inputIds); // [B, T, C]
    const positions = tf.slice(tensorNamed(params, "wpe.weight"), [0, 0], [time, width]); // [T, C]
    const mask = causalMask(time); // [T, T]
    let x = tf.reshape(tf.add(tokens, positions), [batch * time, width]) as tf.Tensor2D; // [BT, C]
    for (let layer = 0; layer < layers; layer++) {
      const p = (name: string) => tensorNamed(params, `h.${layer}.${name}`);
      const read = layerNorm(x, p("ln_1.weight"), p("ln_1.bias"));
      const attended = attention(read, p, { batch, time, heads, mask });
      x = tf.add(x, linear(attended, p("attn.c_proj.weight"), p("attn.c_proj.bias")));
      const normed = layerNorm(x, p("ln_2.weight"), p("ln_2.bias"));
      const wide = gelu(linear(normed, p("mlp.c_fc.weight"), p("mlp.c_fc.bias"))); // [BT, 4C]
      x = tf.add(x, linear(wide, p("mlp.c_proj.weight"), p("mlp.c_proj.bias")));
    }
    const last = layerNorm(x, tensorNamed(params, "ln_f.weight"), tensorNamed(params, "ln_f.bias"));
    return tf.reshape(last, [batch, time, width]);
  };

  /** The tied output head. [rows, width] to [rows, vocabulary] */
  const head = (params: Params, rows: tf.Tensor2D): tf.Tensor2D =>
    tf.matMul(rows, tensorNamed(params, "wte.weight") as tf.Tensor2D, false, true);

  const tokenLosses = (params: Params, batch: TokenBatch): tf.Tensor1D =>
    tf.tidy(() => {
      const rows = tf.reshape(hidden(params, batch.inputIds), [-1, width]) as tf.Tensor2D;
      const scored = tf.gather(rows, batch.scoredPositions); // the head runs only where it counts
      return crossEntropy(head(params, scored), batch.scoredIds);
    });

  return {
    name: "gpt2",
    config,
    tokenizer,
    maxTokens,
    tokenLosses,
    loss: (params, batch) =>
      tf.tidy(() => tf.sum(tf.mul(tokenLosses(params, batch), batch.scoredWeights))),
    logits: (params, inputIds) =>
      tf.tidy(() => {
        const [batch, time] = inputIds.shape;
        const rows = tf.reshape(hidden(params, inputIds), [batch * time, width]) as tf.Tensor2D;
        return tf.reshape(head(params, rows), [batch, time, vocabularySize]);
      }),
    init: async (seed) => initialParams(config, seed),
    save: (params, directory) => writeHuggingFace(directory, params, config),
    load: (directory) => readHuggingFaceParams(directory, config),
  };
}

/** 0 where a position may look, -1e9 where it would see the future: [time, time]. */
function causalMask(time: number): tf.Tensor2D {
  const lower = tf.linalg.bandPart(tf.ones([time, time]), -1, 0) as tf.Tensor2D;
  return tf.mul(tf.sub(1, lower), -1e9);
}

/** [rows, in] times [in, out] plus [out] */
function linear(x: tf.Tensor2D, weight: tf.Tensor, bias: tf.Tensor): tf.Tensor2D {
  return tf.add(tf.matMul(x, weight as tf.Tensor2D), bias);
}

/** Ba et al. 2016, over the last axis. */
function layerNorm(x: tf.Tensor2D, gain: tf.Tensor, bias: tf.Tensor): tf.Tensor2D {
  const centred = tf.sub(x, tf.mean(x, -1, true));
  const variance = tf.mean(tf.square(centred), -1, true);
  const normed = tf.mul(centred, tf.rsqrt(tf.add(variance, 1e-5)));
  return tf.add(tf.mul(normed, gain), bias);
}

/** GELU in the tanh form that GPT-2 was trained with (Hendrycks and Gimpel 2016). */
function gelu(x: tf.Tensor2D): tf.Tensor2D {
  const cube = tf.mul(tf.mul(x, x), x);
  const inner = tf.mul(tf.add(x, tf.mul(cube, 0.044715)), Math.sqrt(2 / Math.PI));
  return tf.mul(tf.mul(x, 0.5), tf.add(tf.tanh(inner), 1));
}

/** Causal self-attention before the output projection: [BT, C] to [BT, C]. */
function attention(
  x: tf.Tensor2D,
  p: (name: string) => tf.Tensor,
  { batch, time, heads, mask }: { batch: number; time: number; heads: number; mask: tf.Tensor2D },
): tf.Tensor2D {
  const width = x.shape[1];
  const size = width / heads;
  const qkv = linear(x, p("attn.c_attn.weight"), p("attn.c_attn.bias")); // [BT, 3C]
  const toHeads = (part: tf.Tensor) =>
    tf.transpose(tf.reshape(part, [batch, time, heads, size]), [0, 2, 1, 3]); // [B, H, T, C/H]
  const [q, k, v] = tf.split(qkv, 3, 1).map(toHeads) as [tf.Tensor, tf.Tensor, tf.Tensor];
  const logits = tf.mul(tf.matMul(q, k, false, true), 1 / Math.sqrt(size)); // [B, H, T, T]
  const weights = tf.softmax(tf.add(logits, mask));
  const mixed = tf.transpose(tf.matMul(weights, v), [0, 2, 1, 3]); // [B, T, H, C/H]
  return tf.reshape(mixed, [batch * time, width]);
}

/**
 * Random parameters as Hugging Face draws them: weights from a normal distribution with standard
 * deviation `initializerRange`, divided by `sqrt(2 layers)` where a block writes to the residual stream; biases
 * 0, layer norms 1. The same seed gives the same numbers on every engine.
 */
function initialParams(config: Gpt2Config, seed: number): Params {
  const { initializerRange: range = defaultInitializerRange } = config;
  const entries = Object.entries(parameterShapes(config)).map(([name, shape]) => {
    if (name.endsWith(".bias")) return [name, tf.zeros(shape)];
    if (/(^|\.)ln_/.test(name)) return [name, tf.ones(shape)];
    const scale = name.endsWith("c_proj.weight") ? range / Math.sqrt(2 * config.layers) : range;
    const random = randomFor(seed, "init", name);
    const values = Float32Array.from({ length: tf.util.sizeFromShape(shape) }, () =>
      random.normal(),
    );
    return [
      name,
      tf.tensor(
        values.map((value) => value * scale),
        shape,
      ),
    ];
  });
  return Object.fromEntries(entries);
}
