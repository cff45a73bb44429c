import { defineFactory, definePlugin, type FactoryContext } from "@metalearn/core";
import { z } from "zod";
import { adam, adamw } from "./adam.js";
import { chain, type Optimizer } from "./chain.js";
import { clipByGlobalNorm } from "./clip.js";
import { type LearningRate, linearSchedule, type Schedule } from "./learningRate.js";
import { sgd } from "./sgd.js";

const common = {
  /** Step size, or its peak under a schedule. */
  learningRate: z.number().min(0),
  /** `linear` rises over `warmupUpdates` and falls to 0 at the end of training. */
  schedule: z.enum(["constant", "linear"]).default("constant"),
  /** Updates over which the learning rate rises from 0. */
  warmupUpdates: z.int().min(0).default(0),
  /** Scales the gradient so that its norm over all tensors is at most this. */
  clipNorm: z.number().positive().optional(),
  /** Pull towards zero. */
  weightDecay: z.number().min(0).default(0),
  /** Tensors whose name contains one of these texts are not decayed. */
  noDecay: z.array(z.string()).default([]),
};

const adamOptions = z.strictObject({
  ...common,
  beta1: z.number().min(0).lt(1).default(0.9),
  beta2: z.number().min(0).lt(1).default(0.999),
  epsilon: z.number().min(0).default(1e-8),
});

const sgdOptions = z.strictObject({
  ...common,
  momentum: z.number().min(0).lt(1).default(0),
  dampening: z.number().min(0).max(1).default(0),
  nesterov: z.boolean().default(false),
});

interface Common {
  readonly learningRate: number;
  readonly schedule: "constant" | "linear";
  readonly warmupUpdates: number;
  readonly clipNorm?: number | undefined;
}

/** Puts the schedule and the clipping of a config around an optimizer. */
function assemble<O extends Common>(
  { learningRate, schedule, warmupUpdates, clipNorm, ...options }: O,
  context: FactoryContext,
  optimizer: (options: Omit<O, keyof Common> & { learningRate: LearningRate }) => Optimizer,
): Optimizer {
  const inner = optimizer({
    ...options,
    learningRate: scheduled({ learningRate, schedule, warmupUpdates }, context),
  });
  return clipNorm === undefined ? inner : chain(clipByGlobalNorm(clipNorm), inner);
}

function scheduled(
  { learningRate: peak, schedule, warmupUpdates: warmup }: Common,
  context: FactoryContext,
): LearningRate {
  if (schedule === "constant" && warmup === 0) return peak;
  if (schedule === "constant") {
    return (update) => (update < warmup ? (peak * update) / warmup : peak);
  }
  // The number of updates is known only when training begins.
  let rate: Schedule | undefined;
  return (update) => {
    rate ??= linearSchedule({ peak, warmup, total: context.totalUpdates() });
    return rate(update);
  };
}

export default definePlugin({
  name: "@metalearn/optimizers",
  optimizers: {
    sgd: defineFactory(
      sgdOptions.describe("Stochastic gradient descent, with momentum if wanted; decay is L2."),
      (options, context) => assemble(options, context, sgd),
    ),
    adam: defineFactory(adamOptions.describe("Adam; decay is L2."), (options, context) =>
      assemble(options, context, adam),
    ),
    adamw: defineFactory(adamOptions.describe("Adam with decoupled decay."), (options, context) =>
      assemble(options, context, adamw),
    ),
  },
});
