import * as tf from "@tensorflow/tfjs";
import { MetaError } from "../errors.js";
import type { Params } from "../params.js";

/**
 * Refuses parameters with NaN or infinite values.
 *
 * @param path source of the parameters, for the message
 * @throws MetaError `BAD_CHECKPOINT` that names the first such tensor
 */
export function requireFinite(params: Params, path: string): void {
  const name = findNonFinite(params);
  if (name === undefined) return;
  throw new MetaError(
    "BAD_CHECKPOINT",
    `The parameters in ${path} cannot be used: tensor "${name}" holds NaN or infinity. Take an earlier checkpoint.`,
  );
}

/** Name of the first tensor that holds NaN or infinity, if there is one. */
export function findNonFinite(params: Params): string | undefined {
  return Object.keys(params).find((name) => {
    const tensor = params[name] as tf.Tensor;
    // Zero times a finite number is zero; times NaN or infinity it is NaN.
    return tf.tidy(() => tf.sum(tf.mul(tf.cast(tensor, "float32"), 0)).dataSync()[0]) !== 0;
  });
}
