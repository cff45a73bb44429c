import {
  defineOptimizer,
  MetaError,
  type MetaOptimizer,
  type MetaState,
  mapParams,
  type OptimizerState,
  type Params,
} from "@metalearn/core";
import * as tf from "@tensorflow/tfjs";
import type { MomentFlow } from "./moments.js";

/** Number and initial value of the rates. */
export interface RateOptions {
  /** A rate for every element of a tensor, or one for the tensor. */
  readonly rates: "element" | "tensor";
  /** True if every inner step has rates of its own. */
  readonly perStep: boolean;
  readonly innerSteps: number;
  readonly initialRate: number;
}

/** Rates of inner steps that are meta-trained, as `learner.rate.{parameter}`. */
export interface LearnedRates {
  /**
   * Subtracts rate times gradient. It keeps the rates in its slot `rate`, so that their gradient is the
   * slot's adjoint.
   */
  readonly optimizer: MetaOptimizer;
  init(adapted: Params): Params;
  /** Initial state of a task: the rates from `params`. */
  flow(params: Params, adapted: Params, state: MetaState): MomentFlow;
  /** Renames the gradient with respect to the slots to the names of the rates. */
  gradients(slots: OptimizerState["slots"]): Params;
}

const prefix = "learner.rate.";

export function learnedRates({
  rates,
  perStep,
  innerSteps,
  initialRate,
}: RateOptions): LearnedRates {
  const shapeOf = ({ shape }: tf.Tensor) => [
    ...(perStep ? [innerSteps] : []),
    ...(rates === "element" ? shape : []),
  ];

  /** One-hot vector of this step, along the first axis of a rate of `rank`. */
  const atStep = (step: tf.Scalar, rank: number) => {
    const chosen = tf.cast(tf.equal(tf.range(0, innerSteps), step), "float32");
    return tf.reshape(chosen, [innerSteps, ...Array<number>(rank - 1).fill(1)]);
  };
  const rateAt = (rate: tf.Tensor, step: tf.Scalar) =>
    perStep ? tf.sum(tf.mul(rate, atStep(step, rate.rank)), 0) : rate;
  const rateBar = (bar: tf.Tensor, step: tf.Scalar) => {
    const own = rates === "element" ? bar : tf.sum(bar);
    return perStep ? tf.mul(atStep(step, own.rank + 1), tf.expandDims(own, 0)) : own;
  };

  const init = (adapted: Params) => mapParams((p) => tf.fill(shapeOf(p), initialRate), adapted);

  const optimizer = defineOptimizer({
    name: "learned rates",
    slotNames: ["rate"],
    init: (adapted) => ({ step: 0, update: 0, slots: { rate: init(adapted) } }),
    coefficients: ({ step }) => ({ step }),
    apply({ gradients, slots, params }, { step }) {
      const rate = slots.rate as Params;
      return {
        params: mapParams(
          (p, g, rate) => tf.sub(p, tf.mul(rateAt(rate, step as tf.Scalar), g)),
          params,
          gradients,
          rate,
        ),
        slots: { rate: mapParams((rate) => tf.clone(rate), rate) },
      };
    },
    adjoint({ gradients, slots }, { step }, cotangent) {
      const later = cotangent.slots.rate;
      const rate = mapParams(
        (g, bar) => tf.neg(rateBar(tf.mul(g, bar), step as tf.Scalar)),
        gradients,
        cotangent.params,
      );
      return {
        params: cotangent.params,
        gradients: mapParams(
          (bar, rate) => tf.neg(tf.mul(rateAt(rate, step as tf.Scalar), bar)),
          cotangent.params,
          slots.rate as Params,
        ),
        slots: { rate: later ? mapParams((a, b) => tf.add(a, b), rate, later) : rate },
      };
    },
    learningRate: () => initialRate,
  });

  return {
    optimizer,
    init: (adapted) => renamed(init(adapted), (name) => prefix + name),
    flow(params, adapted, state) {
      const rate = ratesAmong(params, adapted, shapeOf);
      const { update } = state.optimizer;
      return {
        begin: () => ({ step: 0, update, slots: { rate } }),
        finish: () => {},
        result: () => state,
      };
    },
    gradients: ({ rate = {} }) => renamed(rate, (name) => prefix + name),
  };
}

/** Rates of the adapted parameters. */
function ratesAmong(
  params: Params,
  adapted: Params,
  shapeOf: (param: tf.Tensor) => number[],
): Params {
  return Object.fromEntries(
    Object.entries(adapted).map(([name, param]) => {
      const rate = params[prefix + name];
      if (!rate) {
        throw new MetaError(
          "UNKNOWN_NAME",
          `Expected a parameter "${prefix}${name}", got none. metaTrain adds the learner's own tensors; elsewhere add those of learner.metaParams(params).`,
        );
      }
      const wanted = shapeOf(param);
      if (!tf.util.arraysEqual(rate.shape, wanted)) {
        throw new MetaError(
          "SHAPE_MISMATCH",
          `"${prefix}${name}": expected the shape [${wanted}], got [${rate.shape}]. Were the rates trained with other options?`,
        );
      }
      return [name, rate];
    }),
  );
}

function renamed(params: Params, rename: (name: string) => string): Params {
  return Object.fromEntries(Object.entries(params).map(([name, t]) => [rename(name), t]));
}
