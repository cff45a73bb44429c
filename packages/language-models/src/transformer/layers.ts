import { type Params, tensorNamed } from "@metalearn/core";
import * as tf from "@tensorflow/tfjs";

/** `x Wᵀ + b` with weights `[out, in]`, as in torch's `Linear`; a layer without `{name}.bias` adds none. */
export function linear(x: tf.Tensor2D, params: Params, name: string): tf.Tensor2D {
  const weight = tensorNamed(params, `${name}.weight`) as tf.Tensor2D;
  const bias = params[`${name}.bias`];
  const y: tf.Tensor2D = tf.matMul(x, weight, false, true); // [rows, out]
  return bias ? tf.add(y, bias) : y;
}

/** Layer normalisation over the last axis, with `{name}.weight` and `{name}.bias` (Ba et al. 2016). */
export function layerNorm(
  x: tf.Tensor2D,
  params: Params,
  name: string,
  epsilon = 1e-5,
): tf.Tensor2D {
  const centred = tf.sub(x, tf.mean(x, -1, true));
  const variance = tf.mean(tf.square(centred), -1, true);
  const normed = tf.mul(centred, tf.rsqrt(tf.add(variance, epsilon)));
  const scaled = tf.mul(normed, tensorNamed(params, `${name}.weight`));
  return tf.add(scaled, tensorNamed(params, `${name}.bias`));
}

/** Root-mean-square normalisation over the last axis, with `{name}.weight` (Zhang and Sennrich 2019). */
export function rmsNorm<T extends tf.Tensor>(
  x: T,
  params: Params,
  name: string,
  epsilon: number,
): T {
  const meanSquare = tf.mean(tf.square(x), -1, true);
  const normed = tf.mul(x, tf.rsqrt(tf.add(meanSquare, epsilon)));
  return tf.mul(normed, tensorNamed(params, `${name}.weight`));
}

/**
 * GELU in its exact form, x Φ(x): transformers' `gelu`, of which `gelu_new` is an approximation by tanh.
 *
 * Source: Hendrycks and Gimpel 2016, section 2.
 */
export function gelu<T extends tf.Tensor>(x: T): T {
  return tf.mul(tf.mul(x, 0.5), tf.add(tf.erf(tf.mul(x, Math.SQRT1_2)), 1));
}

/** Splits rows of projections into heads: [rows, H*D] to [H, rows, D]. */
export function splitHeads(x: tf.Tensor, heads: number): tf.Tensor3D {
  const [rows, width] = x.shape as [number, number];
  const split = tf.reshape(x, [rows, heads, width / heads]) as tf.Tensor3D;
  return tf.transpose(split, [1, 0, 2]);
}
