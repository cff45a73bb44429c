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
      "How much to train, in `stepUnit`: batches or meta-updates. A run without a learner does not train.",
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
      "Compares the first exact Hessian-vector product with a finite difference. Default: if the model uses operations whose second derivative is not known to be right.",
    ),
  logEvery: count.default(10).describe("Meta-updates between two lines of metrics."),
  checkpointEvery: count.default(200).describe("Meta-updates between two checkpoints."),
  checkpointMinutes: z
    .number()
    .positive()
    .optional()
    .describe(
      "Minutes after which a checkpoint is due as well, whatever the update. Default: none.",
    ),
  keepCheckpoints: count
    .default(2)
    .describe("Number of checkpoints to keep, the newest ones; with `validate` also the best."),
  validate: validateSchema
    .optional()
    .describe(
      "Scores dev tasks now and then; the run ends with the parameters that scored best. Default: no.",
    ),
});

const evaluateSchema = z.strictObject({
  method: z
    .enum(["likelihood", "pmi", "majority", "random"])
    .default("likelihood")
    .describe(
      "How questions are answered: by each option's `likelihood`; by how much the question raises it (`pmi`); or without the model, by the `majority` of the demonstrations' answers or at `random`.",
    ),
  seeds: z
    .array(z.int())
    .min(1)
    .default([100, 13, 21, 42, 87])
    .describe("Which sets of demonstrations to use; each is drawn with one of these seeds."),
  adapt: z
    .union([z.literal("own"), referenceSchema("learner")])
    .optional()
    .describe(
      "Adapts the parameters to each target before it is scored, with the run's learner (`own`) or another one: to its demonstrations, in batches of `train.batchSize`, or to an episode's support. Default: `own` for episodes, and no for questions.",
    ),
  tokensPerBatch: count
    .optional()
    .describe(
      "Tokens, padding included, that are scored at once. Default: as memory allows, at most 8192.",
    ),
  predictions: z
    .boolean()
    .default(true)
    .describe(
      "Whether the answers to all questions, or to all queries of episodes, are kept, in the run's `predictions` folder.",
    ),
});

// What a key means stands in `describe`: editors and the documentation have it from there.

/** The model that finds out what its `weights` are. */
export const autoModel = "auto";

/** Everything that one run needs to know. */
export const runSchema = z.strictObject({
  seed: z
    .int()
    .min(0)
    .default(100)
    .describe("Training seed: it decides the initial parameters and what is drawn to train on."),
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
      "Parameters that training changes: names, where `*` is any text and a `!` leaves out. Default: all.",
    ),
  optimizer: referenceSchema("optimizer").optional(),
  tracker: z
    .union([referenceSchema("tracker"), z.array(referenceSchema("tracker"))])
    .optional()
    .describe("Where metrics go besides the run's folder: a tracker, or a list of them."),
  train: trainSchema.prefault({}).describe("How long and how a run trains."),
  evaluate: evaluateSchema.prefault({}).describe("How target tasks are scored."),
});

/** A run's name is a part of its directory's name. */
const runName = z
  .string()
  .regex(/^[\w+-][\w.+-]*$/, "a run's name may have letters, digits, dots and any of _ + -");

/** What every run of a comparison changes: any part of a run's config. */
const changesSchema = z.record(z.string(), z.unknown());

/** The keys of a config file that are not of its runs. */
export const fileSchema = z.strictObject({
  extends: z
    .union([z.string(), z.array(z.string())])
    .optional()
    .describe(
      "What this config is laid over: files by their path from it, or presets as `preset:name`; later ones go over earlier ones.",
    ),
  plugins: z
    .array(z.string())
    .optional()
    .describe(
      "Packages or files whose components may be used; `@metalearn/*` stands for metalearn's own, which are the default.",
    ),
  out: z.string().default("runs").describe("The folder for results."),
  launcher: referenceSchema("launcher").optional(),
  sweep: changesSchema
    .optional()
    .describe(
      "A grid: lists of values under keys of a run, nested or with dots (`learner.innerSteps: [1, 5]`). Every run is made once for each combination. A named run may have a `sweep` of its own.",
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
        .refine((seeds) => new Set(seeds).size === seeds.length, "a seed is there twice")
        .optional()
        .describe("Training seeds; every run is repeated with each."),
      runs: z
        .record(runName, changesSchema)
        .describe("Runs by name, in the order of the report, each with what it changes."),
    })
    .optional()
    .describe("What to compare."),
});

/** A config file: what its runs share is checked when it is known what changes it. */
export const configSchema = fileSchema.extend(
  Object.fromEntries(Object.keys(runSchema.shape).map((key) => [key, z.unknown().optional()])),
);

/** The keys of a config file that are not of its runs, with their defaults. */
export type FileConfig = Omit<z.output<typeof fileSchema>, "extends">;

/** One run's config: complete and checked. */
export type RunConfig = z.output<typeof runSchema>;

/** The keys of {@link ComputeOptions} that stand under `train`. */
const computeKeys = computeOptions.keyof().options;

/** The {@link ComputeOptions} of a run, for training, adapting and dry runs alike. */
export function computeOptionsOf({ train, trainable }: RunConfig): ComputeOptions {
  const chosen = Object.fromEntries(computeKeys.map((key) => [key, train[key]]));
  return { ...chosen, trainable };
}
