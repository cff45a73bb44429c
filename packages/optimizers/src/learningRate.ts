import { type Coefficients, MetaError, type Params, parseOptions } from "@metalearn/core";
import * as tf from "@tensorflow/tfjs";
import { z } from "zod";
import { groupedCoefficients, type ParameterGroup, requireMembers } from "./parameterGroups.js";
import { type GradientTransform, stateless } from "./transform.js";

/** Learning rate as a function of the update's number, counted from 0. */
export type Schedule = (update: number) => number;

/** A constant, or a schedule over updates. */
export type LearningRate = number | Schedule;

/** Options for the learning rate, common to all optimizers. */
export const rateOptions = z.strictObject({
  learningRate: z
    .union([z.number().min(0), z.custom<Schedule>(isFunction, "expected a function of updates")])
    .describe(
      "Step size, or its peak under a schedule; in code also a function of the updates made before.",
    ),
  schedule: z
    .enum(["constant", "linear"])
    .default("constant")
    .describe("`linear` rises over `warmupUpdates` and falls to 0 at the end of training."),
  warmupUpdates: z
    .int()
    .min(0)
    .default(0)
    .describe("Meta-updates over which the learning rate rises from 0."),
  totalUpdates: z
    .union([z.int().min(1), z.custom<() => number>(isFunction, "expected a function")])
    .optional()
    .describe(
      "Meta-updates after which a linear schedule has reached 0; in code also a function, called at the first update. Default: the length of training, in a config; required in code.",
    ),
});

function isFunction(value: unknown): boolean {
  return typeof value === "function";
}

/** Refuses a schedule function together with a named schedule. */
export function refuseTwoSchedules(
  {
    learningRate,
    schedule,
    warmupUpdates,
    groups = [],
  }: z.output<typeof rateOptions> & {
    readonly groups?: readonly { readonly learningRate?: LearningRate | undefined }[] | undefined;
  },
  context: z.RefinementCtx,
): void {
  const rates = [learningRate, ...groups.map((group) => group.learningRate)];
  const isNumeric = rates.every((rate) => typeof rate !== "function");
  if (isNumeric || (schedule === "constant" && warmupUpdates === 0)) return;
  context.addIssue({
    code: "custom",
    message:
      "expected a number as learningRate with schedule or warmupUpdates, got a function. Leave them out, or give a number",
  });
}

/** @throws MetaError `BAD_OPTION` for a linear schedule of unknown length */
export function learningRateOf({
  learningRate: peak,
  schedule,
  warmupUpdates: warmup,
  totalUpdates: total,
}: z.output<typeof rateOptions>): LearningRate {
  if (typeof peak === "function") return peak;
  if (schedule === "constant") {
    if (warmup === 0) return peak;
    return (update) => (update < warmup ? (peak * update) / warmup : peak);
  }
  if (total === undefined) {
    throw new MetaError(
      "BAD_OPTION",
      'schedule "linear" needs totalUpdates, the length of training.',
    );
  }
  let rate: Schedule | undefined;
  return (update) => {
    rate ??= linearSchedule({ peak, warmup, total: typeof total === "number" ? total : total() });
    return rate(update);
  };
}

/** @public read by the build, which documents options in declarations */
export const linearScheduleOptions = z.strictObject({
  peak: z.number().min(0).describe("The highest learning rate."),
  warmup: z
    .int()
    .min(0)
    .default(0)
    .describe(
      "Updates over which the rate rises from 0. With 1 or more, the first update has rate 0.",
    ),
  total: z.int().min(0).describe("Updates after which the rate is 0."),
});

/** Options of {@link linearSchedule}. */
export type LinearScheduleOptions = z.input<typeof linearScheduleOptions>;

/**
 * Rises linearly to `peak`, then falls linearly to 0, like transformers' `get_linear_schedule_with_warmup`,
 * which MetaICL uses.
 *
 * @throws MetaError `BAD_OPTION`
 */
export function linearSchedule(options: LinearScheduleOptions): Schedule {
  const { peak, warmup, total } = parseOptions(linearScheduleOptions, options);
  return (update) =>
    update < warmup
      ? (peak * update) / Math.max(1, warmup)
      : peak * Math.max(0, (total - update) / Math.max(1, total - warmup));
}

/**
 * Converts an ascent direction to a descent step: `u = -rate * u`.
 *
 * @param groups parameters with a rate of their own
 */
export function scaleByLearningRate(
  rate: LearningRate,
  groups: readonly ParameterGroup<{ readonly learningRate: LearningRate | undefined }>[] = [],
): GradientTransform {
  const at = (rate: LearningRate, update: number) =>
    typeof rate === "number" ? rate : rate(update);
  const factor = groupedCoefficients("factor", groups);
  const scaled = (updates: Params, c: Coefficients) => ({
    updates: Object.fromEntries(
      Object.entries(updates).map(([name, u]) => [
        name,
        tf.mul(u, c[factor.of(name)] as tf.Scalar),
      ]),
    ),
    slots: {},
  });
  return {
    ...stateless,
    name: "learning rate",
    coefficients({ update }) {
      const learningRate = at(rate, update);
      const inGroups = groups.map(({ learningRate = rate }) => -at(learningRate, update));
      return { learningRate, ...factor.values(-learningRate, inGroups) };
    },
    kindOf: (name) => factor.of(name),
    checkNames: (names) => requireMembers(groups, names),
    apply: ({ updates }, c) => scaled(updates, c),
    adjoint: (_, c, { updates }) => scaled(updates, c),
  };
}
