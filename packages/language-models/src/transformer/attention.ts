import { type Params, type PrefixState, type TokenBatch, tensorNamed } from "@metalearn/core";
import * as tf from "@tensorflow/tfjs";

/** A layer's parameters, by names such as `attn.c_attn.weight`. */
type Layer = (name: string) => tf.Tensor;

/** The parameters of a layer, whose names begin with `prefix` in `params`. */
export function layerOf(params: Params, prefix = ""): Layer {
  return (name) => tensorNamed(params, prefix + name);
}

/** What is read, as in a {@link TreeBatch}; plain sequences begin at position 0 and have no branches. */
export interface Reading {
  readonly inputIds: tf.Tensor2D; // [B, T]
  readonly positions?: tf.Tensor2D; // [B, T]
  readonly branches?: tf.Tensor2D; // [B, T]
  readonly past?: PrefixState | undefined;
}

/** Where the output is looked at, as in a {@link TokenBatch}. */
export type Wanted = Pick<TokenBatch, "queryTimes" | "scoredQueries" | "scoredPositions">;

/** What S queries in each row can look at. */
export interface Sight {
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

export function pastOf(state: PrefixState, layer: number): Past {
  return {
    keys: tensorNamed(state, `h.${layer}.keys`) as tf.Tensor3D,
    values: tensorNamed(state, `h.${layer}.values`) as tf.Tensor3D,
    mask: tensorNamed(state, "mask"),
  };
}

/** A part of a state, with what comes after it. */
export function after(state: PrefixState, name: string, next: tf.Tensor, axis: number): tf.Tensor {
  return tf.concat([tensorNamed(state, name), next], axis);
}

/** -1e9 where something is hidden, 0 elsewhere. */
export function hide(hidden: tf.Tensor): tf.Tensor {
  return tf.mul(tf.cast(hidden, "float32"), -1e9);
}

/** Whether each of `time` keys comes after the queries at `times`, or after each of the keys. */
export function isFuture(time: number, times?: tf.Tensor2D): tf.Tensor {
  const all = tf.range(0, time, 1, "int32");
  return tf.greater(all, tf.expandDims(times ?? all, -1));
}

/**
 * Hides the future and other branches from every token, or from the queries at `times`, [B, S].
 *
 * @returns [T, T] or [B, S, T]
 */
export function causalMask({ inputIds, branches }: Reading, times?: tf.Tensor2D): tf.Tensor {
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
export function wholeLayer(x: tf.Tensor2D, p: Layer, sight: Sight) {
  const read = layerNorm(x, p("ln_1.weight"), p("ln_1.bias"));
  const [queries, keys, values] = project(read, p, sight.heads, 0, 3) as [Heads, Heads, Heads];
  const output = finishLayer(x, attention(queries, { keys, values }, sight), p);
  return { output, keys, values };
}

/** A layer of which later tokens see the keys and values, and nobody the output. */
export function unseenLayer(x: tf.Tensor2D, p: Layer, heads: number) {
  const read = layerNorm(x, p("ln_1.weight"), p("ln_1.bias"));
  const [keys, values] = project(read, p, heads, 1, 2) as [Heads, Heads];
  return { output: x, keys, values };
}

/** A layer of which the output is looked at in places: [BT, C] to [scored, C]. */
export function lastLayer(x: tf.Tensor2D, p: Layer, sight: Sight, wanted: Wanted): tf.Tensor2D {
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
export function layerNorm(x: tf.Tensor2D, gain: tf.Tensor, bias: tf.Tensor): tf.Tensor2D {
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
