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

const innerOptimizer = referenceTo(
  "optimizer",
  "The optimizer of the inner loop, for example `{ use: sgd, learningRate: 0.01 }`.",
);

const querySource = z
  .enum(["same-task", "other-tasks", "same-examples"])
  .describe(
    "Where query examples come from: from the support's task, from tasks that are nobody's support at this update, or they are the support itself (for tests).",
  );

const moments = z
  .enum(["shared", "copy-last", "copy-mean", "one-way", "separate", "reset"])
  .describe(
    "How inner and outer moving averages are shared. `shared`: one after the other goes on from them; `copy-last`, `copy-mean`: tasks start from the outer ones, and the outer step goes on from those of the last task or from their mean; `one-way`: tasks start from zero, and the outer step goes on from those of the last; `separate`: both keep their own; `reset`: tasks start from zero, and the outer step keeps its own.",
  );

const taskUnit = z
  .enum(["task", "mixture"])
  .default("task")
  .describe("Whether a task is one data set, or a draw from the mixture of all.");

const adapt = patterns
  .default(["*"])
  .describe(
    "Names of the parameters that the inner loop changes; `*` stands for any text, a leading `!` leaves names out.",
  );

const order = z
  .literal([1, 2])
  .default(2)
  .describe("2 differentiates through the inner steps, 1 takes the query gradient where they end.");

/** What several learners have, each with a default of its own. */
const innerSteps = count.describe("Inner steps per task; they go round its support batches.");

/** What every learner with an inner loop reads. */
const episodes = {
  querySource: querySource.default("same-task"),
  taskUnit,
  tasks: count.default(4).describe("Tasks per meta-update."),
  support: count.default(1).describe("Support batches per task."),
  query: count.default(1).describe("Query batches per task."),
};

/** Which query losses make the meta-gradient. */
const queryLosses = {
  queries: z
    .enum(["own", "all-pairs"])
    .default("own")
    .describe(
      "Whether a task's adapted parameters meet its own query batch, or those of all tasks.",
    ),
  multiStepLoss: z
    .strictObject({
      annealUpdates: count
        .optional()
        .describe(
          "Meta-updates over which the weights fade to that of the last step. Default: they stay equal.",
        ),
    })
    .optional()
    .describe(
      "Counts the query loss after every inner step (`{}`: equally). Default: after the last alone.",
    ),
};

const fomamlOptions = z.strictObject({
  ...episodes,
  ...queryLosses,
  innerOptimizer,
  moments: moments.default("reset"),
  adapt,
  innerSteps: z
    .int()
    .min(0)
    .default(1)
    .describe("Inner steps per task; they go round its support batches."),
});

const mamlOptions = fomamlOptions.extend({ order });

const headOptions = mamlOptions.omit({ adapt: true }).extend({
  head: patterns.describe(
    "Names of the parameters of the head; `*` stands for any text, a leading `!` leaves names out.",
  ),
});

const lslrOptions = mamlOptions.omit({ innerOptimizer: true, moments: true }).extend({
  innerSteps: innerSteps.default(1),
  initialRate: z
    .number()
    .default(0.01)
    .describe("The learning rate that every learned one starts from."),
});

const metaSgdOptions = lslrOptions.extend({
  rates: z
    .enum(["element", "tensor"])
    .default("element")
    .describe("Whether every element of a tensor has a learning rate of its own, or every tensor."),
  perStep: z.boolean().default(false).describe("Whether every inner step has rates of its own."),
});

const reptileOptions = z.strictObject({
  ...episodes,
  innerOptimizer,
  adapt,
  innerSteps: innerSteps.default(5),
  support: count.optional().describe("Support batches per task. Default: as many as inner steps."),
});

const imamlOptions = z.strictObject({
  ...episodes,
  innerOptimizer,
  adapt,
  innerSteps: innerSteps.default(10),
  proximalWeight: z
    .number()
    .positive()
    .default(1)
    .describe("The paper's λ: how strongly the inner loop is pulled back to where it started."),
  solverSteps: count.default(5).describe("Steps of the conjugate gradient method."),
});

const bmgOptions = z.strictObject({
  ...episodes,
  innerOptimizer,
  adapt,
  innerSteps: innerSteps.default(1),
  targetSteps: count.default(1).describe("Further inner steps, to the target."),
  target: z
    .enum(["query", "support"])
    .default("query")
    .describe("What the steps to the target read."),
});

const mamlEnLlmOptions = z.strictObject({
  ...queryLosses,
  innerOptimizer,
  moments: moments.default("shared"),
  querySource: querySource.default("other-tasks"),
  taskUnit,
  adapt,
  order,
  tasks: count.default(1).describe("n: tasks per meta-update."),
  size: count.default(1).describe("k: support batches, inner steps and query batches per task."),
  innerSteps: z
    .int()
    .min(0)
    .optional()
    .describe("Inner steps per task; without any, this is MetaICL. Default: k."),
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
