import {
  batchLoss,
  crossEntropy,
  type LanguageModel,
  MetaError,
  type Params,
  type PrefixState,
  type PromptedModel,
  randomFor,
  type TokenBatch,
  type Tokenizer,
  type TokenPrefix,
  type TreeBatch,
  tensorNamed,
} from "@metalearn/core";
import * as tf from "@tensorflow/tfjs";
import { defaultInitializerRange, type Gpt2Config, parameterShapes } from "./gpt2Config.js";
import { readHuggingFaceParams } from "./huggingFace.js";
import { writeHuggingFace } from "./writeHuggingFace.js";

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
  const { vocabularySize, maxTokens, width, heads } = config;
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
  return {
    name: "gpt2",
    config,
    tokenizer,
    ...readerOf(config),
    prompts: {
      embeddings: "wte.weight",
      prompted(tokens, prompt) {
        if (tokens < maxTokens) return readerOf(config, { tokens, embeddings: prompt });
        throw new MetaError(
          "BAD_OPTION",
          `A soft prompt of ${tokens} tokens leaves no room: the model reads at most ${maxTokens}.`,
        );
      },
    },
    peft: { prefix: "transformer.", linear: ["h.*.c_*.weight"] },
    init: async (seed) => initialParams(config, seed),
    save: (params, directory, options) =>
      writeHuggingFace(directory, params, config, { ...options, tokenizer }),
    load: (directory) => readHuggingFaceParams(directory, config),
  };
}

/** Embeddings that stand before every sequence. */
interface Prompt {
  readonly tokens: number;
  embeddings(params: Params): tf.Tensor2D; // [tokens, C]
}

/** All that a GPT-2 computes. */
function readerOf(config: Gpt2Config, prompt?: Prompt): PromptedModel & Pick<Gpt2, "logits"> {
  const { vocabularySize, width, layers, heads } = config;
  const before = prompt?.tokens ?? 0;
  const maxTokens = config.maxTokens - before;

  const layerOf = (params: Params, layer: number): Layer => {
    return (name) => tensorNamed(params, `h.${layer}.${name}`);
  };

  /** Token and position embeddings: [BT, C]. */
  const embed = (params: Params, { inputIds, positions }: Reading): tf.Tensor2D => {
    const [batch, time] = inputIds.shape;
    if (!positions && time > maxTokens) {
      throw new MetaError(
        "SHAPE_MISMATCH",
        `The model reads at most ${maxTokens} tokens, but was given ${time}.`,
      );
    }
    const table = tensorNamed(params, "wpe.weight");
    const places = positions
      ? tf.gather(prompt ? tf.slice(table, [before, 0], [maxTokens, width]) : table, positions) // [B, T, C]
      : tf.slice(table, [before, 0], [time, width]); // [T, C]
    const tokens = tf.gather(tensorNamed(params, "wte.weight"), inputIds); // [B, T, C]
    return tf.reshape(tf.add(tokens, places), [batch * time, width]);
  };

  /** Output of the last layer norm: at every position, [BT, C], or where `wanted`, [scored, C]. */
  const hidden = (params: Params, reading: Reading, wanted?: Wanted): tf.Tensor2D => {
    const { inputIds, past = readPrompt(params) } = reading;
    const mask = causalMask(reading);
    let x = embed(params, reading);
    for (let layer = 0; layer < layers; layer++) {
      const p = layerOf(params, layer);
      const sight = { batch: inputIds.shape[0], heads, mask, past: past && pastOf(past, layer) };
      const input = x;
      // What a layer computes on its way is freed here, unless a gradient needs it.
      x = tf.tidy(() =>
        wanted && layer === layers - 1
          ? lastLayer(input, p, { ...sight, mask: causalMask(reading, wanted.queryTimes) }, wanted)
          : wholeLayer(input, p, sight).output,
      );
    }
    return layerNorm(x, tensorNamed(params, "ln_f.weight"), tensorNamed(params, "ln_f.bias"));
  };

  /** The tied output head. [rows, C] to [rows, vocabulary] */
  const head = (params: Params, rows: tf.Tensor2D): tf.Tensor2D =>
    tf.matMul(rows, tensorNamed(params, "wte.weight") as tf.Tensor2D, false, true);

  const tokenLosses = (params: Params, batch: TokenBatch): tf.Tensor1D =>
    tf.tidy(() => {
      const rows = hidden(params, { inputIds: batch.inputIds }, batch);
      return crossEntropy(head(params, rows), batch.scoredIds);
    });

  /**
   * What those who come later see of `x`, [T, C], and of the past: `h.0.keys`, `h.0.values` and so
   * on, and their `mask`.
   */
  const remember = (params: Params, x: tf.Tensor2D, mask: tf.Tensor, past?: PrefixState) => {
    const state: Record<string, tf.Tensor> = { mask: past ? after(past, "mask", mask, 0) : mask };
    const own = hide(isFuture(x.shape[0]));
    for (let layer = 0; layer < layers; layer++) {
      const input = x;
      const sight = { batch: 1, heads, mask: own, past: past && pastOf(past, layer) };
      const made = tf.tidy(() => {
        const p = layerOf(params, layer);
        return layer < layers - 1 ? wholeLayer(input, p, sight) : unseenLayer(input, p, heads);
      });
      for (const name of ["keys", "values"] as const) {
        const key = `h.${layer}.${name}`;
        state[key] = past ? after(past, key, made[name], 1) : made[name];
      }
      x = made.output;
    }
    return state;
  };

  /** The past of every sequence. */
  const readPrompt = (params: Params): PrefixState | undefined =>
    prompt &&
    tf.tidy(() => {
      const places = tf.slice(tensorNamed(params, "wpe.weight"), [0, 0], [before, width]);
      const x = tf.add(prompt.embeddings(params), places) as tf.Tensor2D;
      return remember(params, x, tf.zeros([before]));
    });

  const readPrefix = (params: Params, { inputIds, length }: TokenPrefix): PrefixState =>
    tf.tidy(() => {
      const padding = tf.greaterEqual(tf.range(0, inputIds.shape[1], 1, "int32"), length);
      return remember(params, embed(params, { inputIds }), hide(padding), readPrompt(params));
    });

  const treeLosses = (params: Params, batch: TreeBatch, past?: PrefixState): tf.Tensor1D =>
    tf.tidy(() => {
      const { inputIds, positions, branches, answers } = batch;
      const rows = hidden(params, { inputIds, positions, branches, past }, batch);
      const likelihoods = tf.logSoftmax(head(params, rows)); // [predictions, vocabulary]
      return tf.neg(tf.gatherND(likelihoods, answers)) as tf.Tensor1D;
    });

  return {
    maxTokens,
    tokenLosses,
    trees: { readPrefix, treeLosses },
    // What one layer has at once, as measured: its MLP of four times the width, and its attention.
    bytesPerToken: (context) => 4 * (90 * width + 8 * heads * (before + context)),
    loss: (params, batch) => tf.tidy(() => batchLoss(tokenLosses(params, batch), batch)),
    logits: (params, inputIds) =>
      tf.tidy(() => {
        const rows = head(params, hidden(params, { inputIds }));
        return tf.reshape(rows, [...inputIds.shape, vocabularySize]);
      }),
  };
}

/** A layer's parameters, by names such as `attn.c_attn.weight`. */
type Layer = (name: string) => tf.Tensor;

/** What is read, as in a {@link TreeBatch}; plain sequences begin at position 0 and have no branches. */
interface Reading {
  readonly inputIds: tf.Tensor2D; // [B, T]
  readonly positions?: tf.Tensor2D; // [B, T]
  readonly branches?: tf.Tensor2D; // [B, T]
  readonly past?: PrefixState | undefined;
}

/** Where the output is looked at, as in a {@link TokenBatch}. */
type Wanted = Pick<TokenBatch, "queryTimes" | "scoredQueries" | "scoredPositions">;

/** What S queries in each row can look at. */
interface Sight {
  readonly batch: number;
  readonly heads: number;
  readonly mask: tf.Tensor; // [T, T] or [B, S, T], over the keys of their own row
  readonly past?: Past | undefined;
}

/** The keys and values of rows, or of a prefix. */
interface KeysAndValues {
  readonly keys: tf.Tensor3D; // [H, rows, C/H]
  readonly values: tf.Tensor3D; // [H, rows, C/H]
}

/** What all rows have before them. */
interface Past extends KeysAndValues {
  readonly mask: tf.Tensor; // [P]
}

function pastOf(state: PrefixState, layer: number): Past {
  return {
    keys: tensorNamed(state, `h.${layer}.keys`) as tf.Tensor3D,
    values: tensorNamed(state, `h.${layer}.values`) as tf.Tensor3D,
    mask: tensorNamed(state, "mask"),
  };
}

/** A part of a state, with what comes after it. */
function after(state: PrefixState, name: string, next: tf.Tensor, axis: number): tf.Tensor {
  return tf.concat([tensorNamed(state, name), next], axis);
}

/** -1e9 where something is hidden, 0 elsewhere. */
function hide(hidden: tf.Tensor): tf.Tensor {
  return tf.mul(tf.cast(hidden, "float32"), -1e9);
}

/** Whether each of `time` keys comes after the queries at `times`, or after each of the keys. */
function isFuture(time: number, times?: tf.Tensor2D): tf.Tensor {
  const all = tf.range(0, time, 1, "int32");
  return tf.greater(all, tf.expandDims(times ?? all, -1));
}

/**
 * Hides the future and other branches from every token, or from the queries at `times`, [B, S].
 *
 * @returns [T, T] or [B, S, T]
 */
function causalMask({ inputIds, branches }: Reading, times?: tf.Tensor2D): tf.Tensor {
  const [, time] = inputIds.shape;
  const future = isFuture(time, times);
  if (!branches) return hide(future);
  const asking = times
    ? tf.reshape(tf.gather(tf.reshape(branches, [-1]), flatIndices(times, time)), times.shape)
    : branches;
  const seen = tf.expandDims(branches, 1); // [B, 1, T]
  const isOther = tf.notEqual(seen, tf.expandDims(asking, 2)); // [B, S, T]
  return hide(tf.logicalOr(future, tf.logicalAnd(isOther, tf.notEqual(seen, 0))));
}

/** Indices into flattened rows of `time` entries: [B, S] to [BS]. */
function flatIndices(times: tf.Tensor2D, time: number): tf.Tensor1D {
  const starts = tf.range(0, times.shape[0] * time, time, "int32");
  return tf.reshape(tf.add(times, tf.expandDims(starts, 1)), [-1]);
}

/** A layer at every position: [BT, C] to [BT, C]. */
function wholeLayer(x: tf.Tensor2D, p: Layer, sight: Sight) {
  const read = layerNorm(x, p("ln_1.weight"), p("ln_1.bias"));
  const [queries, keys, values] = project(read, p, sight.heads, 0, 3) as [Heads, Heads, Heads];
  const output = finishLayer(x, attention(queries, { keys, values }, sight), p);
  return { output, keys, values };
}

/** A layer of which later tokens see the keys and values, and nobody the output. */
function unseenLayer(x: tf.Tensor2D, p: Layer, heads: number) {
  const read = layerNorm(x, p("ln_1.weight"), p("ln_1.bias"));
  const [keys, values] = project(read, p, heads, 1, 2) as [Heads, Heads];
  return { output: x, keys, values };
}

/** A layer of which the output is looked at in places: [BT, C] to [scored, C]. */
function lastLayer(x: tf.Tensor2D, p: Layer, sight: Sight, wanted: Wanted): tf.Tensor2D {
  const read = layerNorm(x, p("ln_1.weight"), p("ln_1.bias"));
  const [keys, values] = project(read, p, sight.heads, 1, 2) as [Heads, Heads];
  const asking = tf.gather(read, flatIndices(wanted.queryTimes, x.shape[0] / sight.batch));
  const [queries] = project(asking, p, sight.heads, 0, 1) as [Heads];
  const attended = attention(queries, { keys, values }, sight); // [BS, C]
  return finishLayer(
    tf.gather(x, wanted.scoredPositions),
    tf.gather(attended, wanted.scoredQueries),
    p,
  );
}

/** Adds what attention found, and what the MLP makes of it, to the residual stream: [rows, C]. */
function finishLayer(x: tf.Tensor2D, attended: tf.Tensor2D, p: Layer): tf.Tensor2D {
  const y: tf.Tensor2D = tf.add(
    x,
    linear(attended, p("attn.c_proj.weight"), p("attn.c_proj.bias")),
  );
  const read = layerNorm(y, p("ln_2.weight"), p("ln_2.bias"));
  const wide = gelu(linear(read, p("mlp.c_fc.weight"), p("mlp.c_fc.bias"))); // [rows, 4C]
  return tf.add(y, linear(wide, p("mlp.c_proj.weight"), p("mlp.c_proj.bias")));
}

type Heads = tf.Tensor3D; // [H, rows, C/H]

/** `count` of the three parts of `c_attn`, which make queries (0), keys (1) and values (2). */
function project(x: tf.Tensor2D, p: Layer, heads: number, first: number, count: number): Heads[] {
  const [rows, width] = x.shape;
  const weight = p("attn.c_attn.weight"); // [C, 3C]
  const bias = p("attn.c_attn.bias"); // [3C]
  const [from, size] = [first * width, count * width];
  const made =
    count === 3
      ? linear(x, weight, bias) // without the copies that slicing makes
      : linear(x, tf.slice(weight, [0, from], [width, size]), tf.slice(bias, [from], [size]));
  // TensorFlow.js cannot differentiate a split into one.
  const parts: tf.Tensor[] = count === 1 ? [made] : tf.split(made, count, 1);
  return parts.map((part) =>
    tf.transpose(tf.reshape(part, [rows, heads, width / heads]) as Heads, [1, 0, 2]),
  );
}

/** Attention before the output projection: [H, BS, C/H] to [BS, C]. */
function attention(
  queries: Heads,
  { keys, values }: KeysAndValues,
  { batch, mask, past }: Sight,
): tf.Tensor2D {
  const [heads, rows, size] = queries.shape;
  const byRow = (tensor: tf.Tensor) => tf.reshape(tensor, [heads, batch, -1, size]);
  const scaled: Heads = tf.mul(queries, 1 / Math.sqrt(size));
  const logits = tf.add(tf.matMul(byRow(scaled), byRow(keys), false, true), mask); // [H, B, S, T]
  const mixed = past
    ? mixWithPast(logits, scaled, byRow(values), past)
    : tf.matMul(tf.softmax(logits), byRow(values)); // [H, B, S, C/H]
  const joined = tf.transpose(tf.reshape(mixed, [heads, rows, size]) as Heads, [1, 0, 2]);
  return tf.reshape(joined, [rows, heads * size]);
}

/**
 * Means of the values of the past and of the own row: [H, B, S, C/H]. The past is the same for all
 * rows, and so their queries look at it as if they were one.
 */
function mixWithPast(
  logits: tf.Tensor, // [H, B, S, T]
  queries: Heads, // [H, BS, C/H]
  values: tf.Tensor, // [H, B, T, C/H]
  past: Past,
): tf.Tensor {
  const [heads, batch, asked, time] = logits.shape as [number, number, number, number];
  const before = past.keys.shape[1];
  const pastLogits = tf.add(tf.matMul(queries, past.keys, false, true), past.mask); // [H, BS, P]
  const all = tf.concat([tf.reshape(pastLogits, [heads, batch, asked, before]), logits], 3);
  const [toPast, toOwn] = tf.split(tf.softmax(all), [before, time], 3) as [tf.Tensor, tf.Tensor];
  const flat = tf.reshape(toPast, [heads, batch * asked, before]);
  const own = tf.matMul(toOwn, values); // [H, B, S, C/H]
  return tf.add(own, tf.reshape(tf.matMul(flat, past.values), own.shape));
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
