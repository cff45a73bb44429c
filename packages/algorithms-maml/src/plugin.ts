import {
  defineFactory,
  definePlugin,
  type Factory,
  type FactoryContext,
  type Learner,
  type MetaOptimizer,
  type Reference,
  referenceTo,
} from "@metalearn/core";
import { z } from "zod";
import { anil, boil } from "./anil.js";
import { bmg } from "./bmg.js";
import { imaml } from "./imaml.js";
import { lslr } from "./lslr.js";
import { maml } from "./maml.js";
import { mamlEnLlm } from "./mamlEnLlm.js";
import { metaSgd } from "./metaSgd.js";
import { reptile } from "./reptile.js";

const count = z.int().min(1);
const patterns = z.array(z.string()).min(1);

/** The optimizer of the inner loop, for example `{ use: sgd, learningRate: 0.01 }`. */
const innerOptimizer = referenceTo("optimizer");

/** Where query examples come from. */
const querySource = z.enum(["same-task", "other-tasks", "same-examples"]);

/** How inner and outer moments are shared. */
const moments = z.enum(["shared", "copy-last", "copy-mean", "one-way", "separate", "reset"]);

/** Whether a task is one data set or a draw from the mixture of all. */
const taskUnit = z.enum(["task", "mixture"]).default("task");

/** Names of the adapted parameters; `*` stands for any text, a leading `!` leaves names out. */
const adapt = patterns.default(["*"]);

/** 2 differentiates through the inner steps, 1 does not. */
const order = z.literal([1, 2]).default(2);

/** What every learner with an inner loop reads. */
const episodes = {
  querySource: querySource.default("same-task"),
  taskUnit,
  /** Tasks per meta-update. */
  tasks: count.default(4),
  /** Support batches per task. */
  support: count.default(1),
  /** Query batches per task. */
  query: count.default(1),
};

/** Which query losses make the meta-gradient. */
const queryLosses = {
  /** Whether a task's parameters meet its own query batch or all. */
  queries: z.enum(["own", "all-pairs"]).default("own"),
  /** Counts the query loss after every inner step; the weights may fade to that of the last. */
  multiStepLoss: z.strictObject({ annealUpdates: count.optional() }).optional(),
};

const fomamlOptions = z.strictObject({
  ...episodes,
  ...queryLosses,
  innerOptimizer,
  moments: moments.default("reset"),
  adapt,
  /** Inner steps per task. */
  innerSteps: z.int().min(0).default(1),
});

const mamlOptions = fomamlOptions.extend({ order });

const headOptions = mamlOptions.omit({ adapt: true }).extend({
  /** Names of the parameters of the head; `*` stands for any text. */
  head: patterns,
});

const lslrOptions = mamlOptions.omit({ innerOptimizer: true, moments: true }).extend({
  innerSteps: count.default(1),
  /** What every rate starts from. */
  initialRate: z.number().default(0.01),
});

const metaSgdOptions = lslrOptions.extend({
  /** A rate for every element of a tensor, or one for the tensor. */
  rates: z.enum(["element", "tensor"]).default("element"),
  /** Whether every inner step has rates of its own. */
  perStep: z.boolean().default(false),
});

const reptileOptions = z.strictObject({
  ...episodes,
  innerOptimizer,
  adapt,
  innerSteps: count.default(5),
  /** Support batches per task. Default: as many as inner steps. */
  support: count.optional(),
});

const imamlOptions = z.strictObject({
  ...episodes,
  innerOptimizer,
  adapt,
  innerSteps: count.default(10),
  /** How strongly the inner loop is pulled back to where it started. */
  proximalWeight: z.number().positive().default(1),
  /** Steps of the conjugate gradient method. */
  solverSteps: count.default(5),
});

const bmgOptions = z.strictObject({
  ...episodes,
  innerOptimizer,
  adapt,
  innerSteps: count.default(1),
  /** Further steps to the target. */
  targetSteps: count.default(1),
  /** What the steps to the target read. */
  target: z.enum(["query", "support"]).default("query"),
});

const mamlEnLlmOptions = z.strictObject({
  ...queryLosses,
  innerOptimizer,
  moments: moments.default("shared"),
  querySource: querySource.default("other-tasks"),
  taskUnit,
  adapt,
  order,
  /** n: tasks per meta-update. */
  tasks: count.default(1),
  /** k: support batches, inner steps and query batches per task. */
  size: count.default(1),
  /** Inner steps per task, if not k; without any, this is MetaICL. */
  innerSteps: z.int().min(0).optional(),
});

/** A factory of a learner that is told its inner optimizer. */
function withInnerOptimizer<S extends z.ZodObject<{ innerOptimizer: typeof innerOptimizer }>>(
  options: S,
  create: (
    options: Omit<z.output<S>, "innerOptimizer"> & { innerOptimizer: MetaOptimizer },
  ) => Learner,
): Factory<Learner> {
  return defineFactory(options, async (chosen, context: FactoryContext) => {
    const reference = chosen.innerOptimizer as Reference;
    return create({ ...chosen, innerOptimizer: await context.create("optimizer", reference) });
  });
}

export default definePlugin({
  name: "@metalearn/algorithms-maml",
  learners: {
    maml: withInnerOptimizer(
      mamlOptions.describe(
        "Model-agnostic meta-learning: parameters from which a few inner steps lead to a low query loss.",
      ),
      maml,
    ),
    fomaml: withInnerOptimizer(
      fomamlOptions.describe(
        "MAML of first order: the query gradient is taken where the inner steps end.",
      ),
      (options) => maml({ ...options, order: 1 }),
    ),
    anil: withInnerOptimizer(
      headOptions.describe("MAML whose inner steps change the head alone."),
      anil,
    ),
    boil: withInnerOptimizer(
      headOptions.describe("MAML whose inner steps change everything but the head."),
      boil,
    ),
    "meta-sgd": defineFactory(
      metaSgdOptions.describe(
        "MAML with a learned inner learning rate for every element or tensor.",
      ),
      metaSgd,
    ),
    lslr: defineFactory(
      lslrOptions.describe(
        "MAML with a learned inner learning rate for every tensor and inner step.",
      ),
      lslr,
    ),
    reptile: withInnerOptimizer(
      reptileOptions.describe("Moves the parameters towards where inner steps lead."),
      reptile,
    ),
    imaml: withInnerOptimizer(
      imamlOptions.describe(
        "An inner loop to the minimum, pulled back to its start; the meta-gradient is implicit.",
      ),
      imaml,
    ),
    bmg: withInnerOptimizer(
      bmgOptions.describe(
        "Bootstrapped: draws the adapted parameters towards where further steps would lead.",
      ),
      bmg,
    ),
    "maml-en-llm": withInnerOptimizer(
      mamlEnLlmOptions.describe(
        "MAML with queries from other tasks, and moments that both loops share (MAML-2k-n).",
      ),
      mamlEnLlm,
    ),
  },
});
