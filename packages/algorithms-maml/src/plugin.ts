import { defineFactory, definePlugin, referenceTo } from "@metalearn/core";
import { z } from "zod";
import { maml } from "./maml.js";
import { mamlEnLlm } from "./mamlEnLlm.js";

const count = z.int().min(1);

/** 2 differentiates through the inner steps, 1 does not. */
const order = z.literal([1, 2]).default(2);

/** What every learner with an inner loop is told. */
const common = {
  /** The optimizer of the inner loop, for example `{ use: sgd, learningRate: 0.01 }`. */
  innerOptimizer: referenceTo("optimizer"),
  /** How inner and outer moments are shared. */
  moments: z.enum(["shared", "copy-last", "copy-mean", "one-way", "separate", "reset"]),
  /** Where query examples come from. */
  querySource: z.enum(["same-task", "other-tasks", "same-examples"]),
  /** Whether a task is one data set or a draw from the mixture of all. */
  taskUnit: z.enum(["task", "mixture"]).default("task"),
  /** Whether a task's parameters meet its own query batch or all. */
  queries: z.enum(["own", "all-pairs"]).default("own"),
  /** Names of the adapted parameters; `*` stands for any text. */
  adapt: z.array(z.string()).min(1).default(["*"]),
};

const mamlOptions = z.strictObject({
  ...common,
  moments: common.moments.default("reset"),
  querySource: common.querySource.default("same-task"),
  /** Tasks per meta-update. */
  tasks: count.default(4),
  /** Inner steps per task. */
  innerSteps: count.default(1),
  /** Support batches per task. */
  support: count.default(1),
  /** Query batches per task. */
  query: count.default(1),
});

const mamlEnLlmOptions = z.strictObject({
  ...common,
  moments: common.moments.default("shared"),
  querySource: common.querySource.default("other-tasks"),
  order,
  /** n: tasks per meta-update. */
  tasks: count.default(1),
  /** k: support batches, inner steps and query batches per task. */
  size: count.default(1),
});

export default definePlugin({
  name: "@metalearn/algorithms-maml",
  learners: {
    maml: defineFactory(mamlOptions.extend({ order }), async (options, context) =>
      maml({
        ...options,
        innerOptimizer: await context.create("optimizer", options.innerOptimizer),
      }),
    ),
    fomaml: defineFactory(mamlOptions, async (options, context) =>
      maml({
        ...options,
        order: 1,
        innerOptimizer: await context.create("optimizer", options.innerOptimizer),
      }),
    ),
    "maml-en-llm": defineFactory(mamlEnLlmOptions, async (options, context) =>
      mamlEnLlm({
        ...options,
        innerOptimizer: await context.create("optimizer", options.innerOptimizer),
      }),
    ),
  },
});
