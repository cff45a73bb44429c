import {
  batchLoss,
  crossEntropy,
  type LanguageModel,
  MetaError,
  type Params,
  type PrefixState,
  type PromptedModel,
  randomFor,
  type Segment,
  type TokenBatch,
  type Tokenizer,
  type TokenPrefix,
  type TreeBatch,
  tensorNamed,
} from "@metalearn/core";
import * as tf from "@tensorflow/tfjs";
import { defaultInitializerRange, type Gpt2Config, parameterShapes } from "./gpt2Config.js";
import { readHuggingFaceParams } from "./huggingFace.js";
import {
  after,
  causalMask,
  hide,
  isFuture,
  lastLayer,
  layerNorm,
  layerOf,
  pastOf,
  type Reading,
  unseenLayer,
  type Wanted,
  wholeLayer,
} from "./layers.js";
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
    segments: segmentsOf(config),
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

  const embed = embeddingOf(config, before);

  /** Output of the last layer norm: at every position, [BT, C], or where `wanted`, [scored, C]. */
  const hidden = (params: Params, reading: Reading, wanted?: Wanted): tf.Tensor2D => {
    const { inputIds, past = readPrompt(params) } = reading;
    const mask = causalMask(reading);
    let x = embed(params, reading);
    for (let layer = 0; layer < layers; layer++) {
      const p = layerOf(params, `h.${layer}.`);
      const sight = { batch: inputIds.shape[0], heads, mask, past: past && pastOf(past, layer) };
      const input = x;
      // What a layer computes on its way is freed here, unless a gradient needs it.
      x = tf.tidy(() =>
        wanted && layer === layers - 1
          ? lastLayer(input, p, { ...sight, mask: causalMask(reading, wanted.queryTimes) }, wanted)
          : wholeLayer(input, p, sight).output,
      );
    }
    return finalNorm(params, x);
  };

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
        const p = layerOf(params, `h.${layer}.`);
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

/** Token and position embeddings, [BT, C], of tokens that have `before` others before them. */
function embeddingOf({ maxTokens, width }: Gpt2Config, before = 0) {
  const room = maxTokens - before;
  return (params: Params, { inputIds, positions }: Reading): tf.Tensor2D => {
    const [batch, time] = inputIds.shape;
    if (!positions && time > room) {
      throw new MetaError(
        "SHAPE_MISMATCH",
        `The model reads at most ${room} tokens, but was given ${time}.`,
      );
    }
    const table = tensorNamed(params, "wpe.weight");
    const places = positions
      ? tf.gather(before > 0 ? tf.slice(table, [before, 0], [room, width]) : table, positions) // [B, T, C]
      : tf.slice(table, [before, 0], [time, width]); // [T, C]
    const tokens = tf.gather(tensorNamed(params, "wte.weight"), inputIds); // [B, T, C]
    return tf.reshape(tf.add(tokens, places), [batch * time, width]);
  };
}

/** The layer norm after the last layer: [rows, C] to [rows, C]. */
function finalNorm(params: Params, rows: tf.Tensor2D): tf.Tensor2D {
  return layerNorm(rows, tensorNamed(params, "ln_f.weight"), tensorNamed(params, "ln_f.bias"));
}

/** The tied output head. [rows, C] to [rows, vocabulary] */
function head(params: Params, rows: tf.Tensor2D): tf.Tensor2D {
  return tf.matMul(rows, tensorNamed(params, "wte.weight") as tf.Tensor2D, false, true);
}

/**
 * The loss in parts: embeddings, every layer but the last, and the last with the output head.
 */
function segmentsOf(config: Gpt2Config): Segment<TokenBatch>[] {
  const { layers, heads } = config;
  const names = Object.keys(parameterShapes(config));
  const embed = embeddingOf(config);
  const inLayer = (layer: number) => {
    const prefix = `h.${layer}.`;
    const own = names.filter((name) => name.startsWith(prefix));
    return Object.fromEntries(own.map((name) => [name.slice(prefix.length), name]));
  };
  const byOwnName = (...own: string[]) => Object.fromEntries(own.map((name) => [name, name]));
  const sight = ({ inputIds }: TokenBatch) => ({ batch: inputIds.shape[0], heads });
  const input = (state: Params) => tensorNamed(state, "x") as tf.Tensor2D;

  const first: Segment<TokenBatch> = {
    params: byOwnName("wte.weight", "wpe.weight"),
    apply: (params, _, batch) => ({ x: embed(params, { inputIds: batch.inputIds }) }),
  };
  const whole: Segment<TokenBatch>["apply"] = (params, state, batch) => {
    const mask = causalMask({ inputIds: batch.inputIds });
    return { x: wholeLayer(input(state), layerOf(params), { ...sight(batch), mask }).output };
  };
  const last: Segment<TokenBatch> = {
    params: {
      ...inLayer(layers - 1),
      ...byOwnName("wte.weight", "ln_f.weight", "ln_f.bias"),
    },
    apply(params, state, batch) {
      const mask = causalMask({ inputIds: batch.inputIds }, batch.queryTimes);
      const rows = lastLayer(input(state), layerOf(params), { ...sight(batch), mask }, batch);
      const losses = crossEntropy(head(params, finalNorm(params, rows)), batch.scoredIds);
      return { loss: batchLoss(losses, batch) };
    },
  };
  const between = Array.from({ length: layers - 1 }, (_, layer) => ({
    params: inLayer(layer),
    apply: whole,
  }));
  return [first, ...between, last];
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
