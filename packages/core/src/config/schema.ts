import { z } from "zod";
import { type ComputeOptions, computeOptions } from "../objective/computeOptions.js";
import { referenceSchema } from "../plugin/reference.js";

const count = z.int().min(1);

const validateSchema = z.strictObject({
  every: count
    .default(200)
    .describe("Meta-updates between two validations; there is one at the end as well."),
  seeds: z
    .array(z.int())
    .min(1)
    .default([100])
    .describe("Seeds of the sets of demonstrations, or of episodes, as in `evaluate.seeds`."),
  patience: count
    .optional()
    .describe(
      "Validations in a row without a better score, after which training stops. Default: it never stops early.",
    ),
});

const trainSchema = z.strictObject({
  steps: z
    .int()
    .min(0)
    .default(1_000)
    .describe(
      "Length of training in `stepUnit`: batches or meta-updates. A run without a learner does not train.",
    ),
  stepUnit: z
    .enum(["batches", "updates"])
    .default("batches")
    .describe(
      "`batches` counts the batches that training reads, support and query alike, so that learners with and without an inner loop see the same amount of data; `updates` counts meta-updates.",
    ),
  batchSize: count.default(1).describe("Examples per batch."),
  ...computeOptions.shape,
  checkSecondOrder: z
    .boolean()
    .optional()
    .describe(
      "Compares the first exact Hessian-vector product with a finite difference. Default: if the model uses operations whose second derivative has not been tested.",
    ),
  logEvery: count.default(10).describe("Meta-updates between two lines of metrics."),
  checkpointEvery: count.default(200).describe("Meta-updates between two checkpoints."),
  checkpointMinutes: z
    .number()
    .positive()
    .optional()
    .describe("Minutes after which a checkpoint is written as well, at any update. Default: none."),
  keepCheckpoints: count
    .default(2)
    .describe("Number of checkpoints to keep, the newest ones; with `validate` also the best."),
  validate: validateSchema
    .optional()
    .describe(
      "Scores dev tasks during training; the run ends with the parameters that scored best. Default: no.",
    ),
});

const evaluateSchema = z.strictObject({
  method: z
    .enum(["likelihood", "pmi", "majority", "random"])
    .default("likelihood")
    .describe(
      "Method that answers questions: each option's `likelihood`; its increase by the question (`pmi`); or, without the model, the `majority` of the demonstrations' answers, or `random`.",
    ),
  seeds: z
    .array(z.int())
    .min(1)
    .default([100, 13, 21, 42, 87])
    .describe("Seeds of the sets of demonstrations, or of episodes; a target is scored with each."),
  adapt: z
    .union([z.literal("own"), referenceSchema("learner")])
    .optional()
    .describe(
      "Adapts the parameters to each target before it is scored, with the run's learner (`own`) or another one: to its demonstrations, in batches of `train.batchSize`, or to an episode's support. Default: `own` for episodes, and no for questions.",
    ),
  tokensPerBatch: count
    .optional()
    .describe(
      "Tokens, padding included, that are scored in one batch. Default: as memory allows, at most 8192.",
    ),
  predictions: z
    .boolean()
    .default(true)
    .describe(
      "Keeps the answers to all questions, or to all queries of episodes, in the run's `predictions` folder.",
    ),
});

// Keys are documented in `describe`: editors and the documentation read it there.

/** Name of the model that reads its architecture from its `weights`; a config may leave it out. */
export const autoModel = "auto";

/** Schema of one run's config. */
export const runSchema = z.strictObject({
  seed: z
    .int()
    .min(0)
    .default(100)
    .describe("Training seed, of the initial parameters and of the training episodes."),
  runtime: referenceSchema("runtime").prefault({ use: "auto" }),
  model: referenceSchema("model", autoModel),
  adapter: referenceSchema("adapter").optional(),
  tasks: referenceSchema("tasks"),
  learner: referenceSchema("learner").optional(),
  trainable: z
    .array(z.string())
    .min(1)
    .optional()
    .describe(
      "Parameters to train: names, in which `*` matches any text; a leading `!` excludes. Default: all.",
    ),
  optimizer: referenceSchema("optimizer").optional(),
  tracker: z
    .union([referenceSchema("tracker"), z.array(referenceSchema("tracker"))])
    .optional()
    .describe(
      "Tracker, or list of trackers, that metrics are sent to in addition to the run's folder.",
    ),
  train: trainSchema.prefault({}).describe("Options of training."),
  evaluate: evaluateSchema.prefault({}).describe("Options of evaluation on target tasks."),
});

/** Schema of a run's name, which is part of its directory's name. */
const runName = z
  .string()
  .regex(/^[\w+-][\w.+-]*$/, "expected a run's name of letters, digits, dots and any of _ + -");

/** Schema of a named run's changes: any part of a run's config. */
const changesSchema = z.record(z.string(), z.unknown());

/** Schema of the keys of a config file that do not belong to its runs. */
export const fileSchema = z.strictObject({
  extends: z
    .union([z.string(), z.array(z.string())])
    .optional()
    .describe(
      "Configs that this one overrides: files by their path from it, or presets as `preset:name`; later ones override earlier ones.",
    ),
  plugins: z
    .array(z.string())
    .optional()
    .describe(
      "Packages or files that provide components; `@metalearn/*` means metalearn's own, which are the default.",
    ),
  out: z.string().default("runs").describe("The folder for results."),
  launcher: referenceSchema("launcher").optional(),
  sweep: changesSchema
    .optional()
    .describe(
      "Grid of values: lists under keys of a run, nested or with dots (`learner.innerSteps: [1, 5]`). Every run is repeated for each combination. A named run may have a `sweep` of its own.",
    ),
  compare: z
    .strictObject({
      title: z.string().optional().describe("The report's title."),
      note: z
        .string()
        .optional()
        .describe("A paragraph for the report, for example on where the data comes from."),
      seeds: z
        .array(z.int().min(0))
        .min(1)
        .refine(
          (seeds) => new Set(seeds).size === seeds.length,
          "expected different seeds, got one twice",
        )
        .optional()
        .describe("Training seeds; every run is repeated with each of them."),
      runs: z
        .record(runName, changesSchema)
        .describe(
          "Runs by name, in the order of the report, each with its changes to the shared keys.",
        ),
    })
    .optional()
    .describe("Comparison of several runs."),
});

/** Schema of a config file. Keys of runs are checked later, when all changes to them are known. */
export const configSchema = fileSchema.extend(
  Object.fromEntries(Object.keys(runSchema.shape).map((key) => [key, z.unknown().optional()])),
);

/** The keys of a config file that do not belong to its runs, with defaults. */
export type FileConfig = Omit<z.output<typeof fileSchema>, "extends">;

/** One run's config: complete and checked. */
export type RunConfig = z.output<typeof runSchema>;

/** Keys of {@link ComputeOptions} that are under `train` in a config. */
const computeKeys = computeOptions.keyof().options;

/** Collects the {@link ComputeOptions} of a run, for training, adaptation and dry runs. */
export function computeOptionsOf({ train, trainable }: RunConfig): ComputeOptions {
  const chosen = Object.fromEntries(computeKeys.map((key) => [key, train[key]]));
  return { ...chosen, trainable };
}
