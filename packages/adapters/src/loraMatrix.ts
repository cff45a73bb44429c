import type { PeftNames } from "@metalearn/core";
import * as tf from "@tensorflow/tfjs";

/** Input and output width of a linear layer. */
interface LayerSizes {
  readonly inputs: number;
  readonly outputs: number;
}

/**
 * The sizes of a linear layer by the shape of its matrix.
 *
 * @param peft PEFT names of the model; without them, matrices are assumed to be stored `[in, out]`
 */
export function layerSizes(
  [rows, columns]: readonly number[],
  peft: PeftNames | undefined,
): LayerSizes {
  const [inputs, outputs] = isInOut(peft) ? [rows, columns] : [columns, rows];
  return { inputs: Number(inputs), outputs: Number(outputs) };
}

/**
 * The product that a LoRA adds to a matrix, in the matrix's own layout: `B A`, `[out, in]`, or its transpose.
 *
 * @param a `[rank, in]`
 * @param b `[out, rank]`
 */
export function loraProduct(
  a: tf.Tensor2D,
  b: tf.Tensor2D,
  peft: PeftNames | undefined,
): tf.Tensor2D {
  return isInOut(peft) ? tf.matMul(a, b, true, true) : tf.matMul(b, a);
}

/** PEFT's `fan_in_fan_out`: true if matrices are stored `[in, out]`. */
export function isInOut(peft: PeftNames | undefined): boolean {
  return peft?.fanInFanOut ?? true;
}
