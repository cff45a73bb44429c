import { dotParams, globalNorm, mapParams } from "@metalearn/core";
import * as tf from "@tensorflow/tfjs";
import { type GradientTransform, stateless } from "./transform.js";

const epsilon = 1e-6; // that of torch.nn.utils.clip_grad_norm_

/**
 * Scales all tensors by one factor so that their common norm is at most `maxNorm`:
 * `min(1, maxNorm / (norm + 1e-6))`, as `torch.nn.utils.clip_grad_norm_`.
 *
 * Source: Pascanu et al. 2013, algorithm 1.
 */
export function clipByGlobalNorm(maxNorm: number): GradientTransform {
  return {
    ...stateless,
    name: "clip",
    coefficients: () => ({ maxNorm, epsilon }),
    measure: (updates, norm = globalNorm(updates)) => ({ norm }),
    apply({ updates }, { maxNorm, epsilon, norm = globalNorm(updates) }) {
      const padded = tf.add(norm, epsilon as tf.Scalar);
      const factor = tf.minimum(1, tf.div(maxNorm as tf.Scalar, padded));
      return { updates: mapParams((u) => tf.mul(u, factor), updates), slots: {} };
    },
    adjoint({ updates }, { maxNorm, epsilon }, cotangent) {
      const norm = globalNorm(updates);
      const padded = tf.add(norm, epsilon as tf.Scalar);
      const ratio = tf.div(maxNorm as tf.Scalar, padded);
      const factor = tf.minimum(1, ratio);
      // Where clipping is active, d factor / du = -maxNorm / (norm + epsilon)^2 * u / norm.
      const acts = tf.cast(tf.less(ratio, 1), "float32");
      const slope = tf.divNoNan(
        tf.mul(dotParams(cotangent.updates, updates), tf.mul(acts, tf.div(ratio, padded))),
        norm,
      );
      return {
        updates: mapParams(
          (bar, u) => tf.sub(tf.mul(bar, factor), tf.mul(u, slope)),
          cotangent.updates,
          updates,
        ),
        slots: {},
      };
    },
  };
}
