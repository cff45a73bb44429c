import {
  type Coefficients,
  mapParams,
  type Params,
  parseOptions,
  zerosLikeParams,
} from "@metalearn/core";
import * as tf from "@tensorflow/tfjs";
import { z } from "zod";
import { chain, type Optimizer } from "./chain.js";
import { refuseTwoSchedules } from "./learningRate.js";
import { clipping, decay, optimizerOptions, scaling } from "./optimizerOptions.js";
import type { GradientTransform, TransformInput } from "./transform.js";

/** @public read by the build, which documents options in declarations */
export const adamMomentOptions = z.strictObject({
  beta1: z.number().min(0).lt(1).default(0.9).describe("Decay of the moving average of gradients."),
  beta2: z
    .number()
    .min(0)
    .lt(1)
    .default(0.999)
    .describe("Decay of the moving average of squared gradients."),
  epsilon: z
    .number()
    .min(0)
    .default(1e-8)
    .describe("Added to the root of the second moment, after bias correction."),
});

/** Options of {@link scaleByAdam}. */
export type AdamMomentOptions = z.input<typeof adamMomentOptions>;

const options = z
  .strictObject({ ...optimizerOptions.shape, ...adamMomentOptions.shape })
  .superRefine(refuseTwoSchedules);

export const adamOptions = options.describe("Adam; decay is L2.");

export const adamwOptions = options.describe("Adam with decoupled decay.");

/** Options of {@link adam} and {@link adamw}. */
export type AdamOptions = z.input<typeof options>;

/**
 * Rescales a gradient by its moving moments: `u = (m / c1) / (sqrt(v / c2) + epsilon)` with
 * `m = beta1 m + (1 - beta1) g`, `v = beta2 v + (1 - beta2) g^2`, `ci = 1 - betai^t`.
 *
 * The adjoint takes `d sqrt(v) / dv` as 0 where v is 0, as for unused embedding rows.
 *
 * Source: Kingma and Ba 2015, algorithm 1. Slots: `m`, `v`.
 *
 * @throws MetaError `BAD_OPTION`
 */
export function scaleByAdam(options: AdamMomentOptions = {}): GradientTransform {
  const { beta1, beta2, epsilon } = parseOptions(adamMomentOptions, options);
  const moments = ({ updates, slots }: TransformInput, c: Coefficients) => ({
    m: mapParams(
      (m, g) => tf.add(tf.mul(m, at(c, "beta1")), tf.mul(g, at(c, "rest1"))),
      slots.m as Params,
      updates,
    ),
    v: mapParams(
      (v, g) => tf.add(tf.mul(v, at(c, "beta2")), tf.mul(tf.square(g), at(c, "rest2"))),
      slots.v as Params,
      updates,
    ),
  });

  return {
    name: "adam",
    slotNames: ["m", "v"],
    init: (params) => ({ m: zerosLikeParams(params), v: zerosLikeParams(params) }),
    coefficients: ({ step }) => ({
      beta1,
      rest1: 1 - beta1,
      beta2,
      rest2: 1 - beta2,
      correction1: 1 / (1 - beta1 ** step),
      correction2: 1 / Math.sqrt(1 - beta2 ** step),
      epsilon,
    }),

    apply(input, c) {
      const { m, v } = moments(input, c);
      const updates = mapParams(
        (m, v) => tf.div(tf.mul(m, at(c, "correction1")), denominator(v, c)),
        m,
        v,
      );
      return { updates, slots: { m, v } };
    },

    adjoint(input, c, cotangent) {
      const { m, v } = moments(input, c);
      const mBar: Record<string, tf.Tensor> = {};
      const vBar: Record<string, tf.Tensor> = {};
      for (const [name, uBar] of Object.entries(cotangent.updates)) {
        const mNext = m[name] as tf.Tensor;
        const vNext = v[name] as tf.Tensor;
        const below = denominator(vNext, c);
        const share = tf.reciprocal(below); // both need it, and dividing takes long
        const throughM = tf.mul(tf.mul(uBar, share), at(c, "correction1"));
        // du/dv = -m c1 / below^2 * ds/dv with s = c2 sqrt(v) and ds/dv = c2 / (2 sqrt(v))
        const slope = tf.divNoNan(tf.mul(at(c, "correction2"), -0.5), tf.sqrt(vNext));
        const throughV = tf.mul(tf.mul(throughM, tf.mul(mNext, share)), slope);
        const mLater = cotangent.slots.m?.[name];
        const vLater = cotangent.slots.v?.[name];
        mBar[name] = mLater ? tf.add(throughM, mLater) : throughM;
        vBar[name] = vLater ? tf.add(throughV, vLater) : throughV;
      }
      const updates = mapParams(
        (g, mBar, vBar) =>
          tf.add(tf.mul(mBar, at(c, "rest1")), tf.mul(tf.mul(g, vBar), tf.mul(at(c, "rest2"), 2))),
        input.updates,
        mBar,
        vBar,
      );
      return {
        updates,
        slots: {
          m: mapParams((bar) => tf.mul(bar, at(c, "beta1")), mBar),
          v: mapParams((bar) => tf.mul(bar, at(c, "beta2")), vBar),
        },
      };
    },
  };
}

function denominator(v: tf.Tensor, c: Coefficients): tf.Tensor {
  return tf.add(tf.mul(tf.sqrt(v), at(c, "correction2")), at(c, "epsilon"));
}

function at(c: Coefficients, name: string): tf.Scalar {
  return c[name] as tf.Scalar;
}

/**
 * Adam; weight decay is added to the gradient (L2), as in `torch.optim.Adam`.
 *
 * Source: Kingma and Ba 2015, algorithm 1.
 *
 * @throws MetaError `BAD_OPTION`
 */
export function adam(options: AdamOptions): Optimizer {
  const parsed = parseOptions(adamOptions, options);
  return chain(
    ...clipping(parsed),
    ...decay(parsed),
    scaleByAdam(momentsOf(parsed)),
    scaling(parsed),
  );
}

/**
 * Adam with decoupled weight decay, as `torch.optim.AdamW`: `p (1 - lr decay) - lr u`.
 *
 * Source: Loshchilov and Hutter 2019, algorithm 2.
 *
 * @throws MetaError `BAD_OPTION`
 */
export function adamw(options: AdamOptions): Optimizer {
  const parsed = parseOptions(adamwOptions, options);
  return chain(
    ...clipping(parsed),
    scaleByAdam(momentsOf(parsed)),
    ...decay(parsed),
    scaling(parsed),
  );
}

function momentsOf({ beta1, beta2, epsilon }: z.output<typeof options>): AdamMomentOptions {
  return { beta1, beta2, epsilon };
}
