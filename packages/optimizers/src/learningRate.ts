import { mapParams } from "@metalearn/core";
import * as tf from "@tensorflow/tfjs";
import { type GradientTransform, stateless } from "./transform.js";

/** The learning rate of update number `update`, counted from 0. */
export type Schedule = (update: number) => number;

/** A constant, or a schedule over updates. */
export type LearningRate = number | Schedule;

/** Options of {@link linearSchedule}. */
export interface LinearScheduleOptions {
  /** The highest learning rate. */
  readonly peak: number;
  /** Updates over which the rate rises from 0. With 1 or more, the first update has rate 0. @default 0 */
  readonly warmup?: number;
  /** Updates after which the rate is 0. */
  readonly total: number;
}

/**
 * Rises linearly to `peak`, then falls linearly to 0, as transformers'
 * `get_linear_schedule_with_warmup`, which MetaICL uses.
 */
export function linearSchedule({ peak, warmup = 0, total }: LinearScheduleOptions): Schedule {
  return (update) =>
    update < warmup
      ? (peak * update) / Math.max(1, warmup)
      : peak * Math.max(0, (total - update) / Math.max(1, total - warmup));
}

/** Turns an ascent direction into a step down: `u = -rate * u`. */
export function scaleByLearningRate(rate: LearningRate): GradientTransform {
  const schedule = typeof rate === "number" ? () => rate : rate;
  return {
    ...stateless,
    name: "learning rate",
    coefficients({ update }) {
      const learningRate = schedule(update);
      return { learningRate, factor: -learningRate };
    },
    apply: ({ updates }, { factor }) => ({
      updates: mapParams((u) => tf.mul(u, factor as tf.Scalar), updates),
      slots: {},
    }),
    adjoint: (_, { factor }, { updates }) => ({
      updates: mapParams((bar) => tf.mul(bar, factor as tf.Scalar), updates),
      slots: {},
    }),
  };
}
