import * as tf from "@tensorflow/tfjs";
import type { Heads } from "./attention.js";

/** Frequencies of a rotary position embedding. */
export interface RotaryFrequencies {
  /** The base: number i of R / 2 has the frequency `theta^(-2i / R)`, in radians per token. */
  readonly theta: number;
  /** Changes to the frequencies for a longer context. @default none */
  readonly scaling?: RotaryScaling | undefined;
}

/** Scaling of rotary positions to a longer context, named as transformers' `rope_type`. */
export type RotaryScaling =
  /** All frequencies are divided by `factor` (Chen et al. 2023, section 2.3). */
  | { readonly type: "linear"; readonly factor: number }
  /** Low frequencies are divided by `factor`, high ones kept, as in Llama 3.1. */
  | {
      readonly type: "llama3";
      readonly factor: number;
      /** Turns within the original context, below which a frequency is divided by `factor`. */
      readonly lowFrequencyFactor: number;
      /** Turns within the original context, above which a frequency is kept. */
      readonly highFrequencyFactor: number;
      /** Context length of the first training, in tokens. */
      readonly originalMaxTokens: number;
    };

/** Cosines and sines of the angles by which a head's pairs of numbers are rotated: [rows, R/2]. */
export interface RotaryAngles {
  readonly cos: tf.Tensor2D;
  readonly sin: tf.Tensor2D;
}

/** Positions per row of the coarse table. */
const stride = 256;

/**
 * Makes a function from positions, `[rows]`, int32, to cosines and sines of their angles.
 *
 * Angles of high positions are large, and float32 has few digits left for their fraction. So cosines and sines are
 * computed from two small float64 tables, for multiples of 256 and for the rest, by the addition theorem.
 *
 * Source: Su et al. 2021 (RoFormer), section 3.4.2.
 *
 * @param width R, how many numbers of a head are rotated: all, or fewer (`rotary_pct`, `partial_rotary_factor`)
 * @param maxTokens upper bound of positions, exclusive
 */
export function rotaryAngles(
  width: number,
  maxTokens: number,
  { theta, scaling }: RotaryFrequencies,
): (positions: tf.Tensor1D) => RotaryAngles {
  const frequencies = Array.from({ length: width / 2 }, (_, i) =>
    scaled(theta ** ((-2 * i) / width), scaling),
  );
  const coarse = table(frequencies, Math.ceil(maxTokens / stride), stride);
  const fine = table(frequencies, stride, 1);
  return (positions) =>
    tf.tidy(() => {
      const far: tf.Tensor1D = tf.floorDiv(positions, tf.scalar(stride, "int32"));
      const near: tf.Tensor1D = tf.sub(positions, tf.mul(far, tf.scalar(stride, "int32")));
      const [a, b] = [coarse(far), fine(near)];
      const cos: tf.Tensor2D = tf.sub(tf.mul(a.cos, b.cos), tf.mul(a.sin, b.sin));
      const sin: tf.Tensor2D = tf.add(tf.mul(a.sin, b.cos), tf.mul(a.cos, b.sin));
      return { cos, sin };
    });
}

/** Cosines and sines at 0, `step`, `2 step`, ..., given by their indices. */
function table(
  frequencies: readonly number[],
  rows: number,
  step: number,
): (indices: tf.Tensor1D) => RotaryAngles {
  const valuesOf = (fn: (angle: number) => number) => {
    const values = Array.from({ length: rows }, (_, row) =>
      frequencies.map((each) => fn(row * step * each)),
    );
    return Float32Array.from(values.flat());
  };
  const [cos, sin] = [valuesOf(Math.cos), valuesOf(Math.sin)];
  const gathered = (values: Float32Array, indices: tf.Tensor1D) =>
    tf.gather(tf.tensor2d(values, [rows, frequencies.length]), indices);
  return (indices) => ({ cos: gathered(cos, indices), sin: gathered(sin, indices) });
}

/**
 * Rotates pairs of the first R numbers of a head, where the angles have R/2 columns; the others stay as they are. Number
 * i is paired with number i + R/2, as in transformers' `rotate_half`.
 *
 * @param x [H, rows, D], where D is at least R
 */
export function rotate(x: Heads, { cos, sin }: RotaryAngles): Heads {
  const half = cos.shape[1];
  const unturned = x.shape[2] - 2 * half;
  const sizes = unturned === 0 ? [half, half] : [half, half, unturned];
  const [first, second, ...rest] = tf.split(x, sizes, 2) as [Heads, Heads, ...Heads[]];
  const turned: Heads[] = [
    tf.sub(tf.mul(first, cos), tf.mul(second, sin)),
    tf.add(tf.mul(second, cos), tf.mul(first, sin)),
  ];
  return tf.concat([...turned, ...rest], 2);
}

/** A frequency after scaling, in radians per token; as transformers' `_compute_llama3_parameters` for that type. */
function scaled(frequency: number, scaling: RotaryScaling | undefined): number {
  if (!scaling) return frequency;
  if (scaling.type === "linear") return frequency / scaling.factor;
  const { factor, lowFrequencyFactor, highFrequencyFactor, originalMaxTokens } = scaling;
  const turns = (originalMaxTokens * frequency) / (2 * Math.PI);
  if (turns > highFrequencyFactor) return frequency;
  if (turns < lowFrequencyFactor) return frequency / factor;
  const kept = (turns - lowFrequencyFactor) / (highFrequencyFactor - lowFrequencyFactor);
  return ((1 - kept) * frequency) / factor + kept * frequency;
}
