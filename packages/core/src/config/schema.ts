import { z } from "zod";
import { referenceTo } from "../plugin/plugin.js";

const count = z.int().min(1);

/** How a run is judged on dev tasks while it trains. */
const validateSchema = z.strictObject({
  /** Meta-updates between two validations; there is one at the end as well. */
  every: count.default(200),
  /** Sets of demonstrations, or of episodes, as in `evaluate.seeds`. */
  seeds: z.array(z.int()).min(1).default([100]),
  /** Training stops after so many validations in a row without a better score. Default: never. */
  patience: count.optional(),
});

/** How long and how a run trains. */
const trainSchema = z.strictObject({
  /** How much to train, in `stepUnit`. A run without a learner does not train. */
  steps: z.int().min(0).default(1_000),
  /**
   * `batches` counts the batches that training reads, support and query alike, so that learners
   * with and without an inner loop see the same amount of data; `updates` counts meta-updates.
   */
  stepUnit: z.enum(["batches", "updates"]).default("batches"),
  /** Examples per batch. */
  batchSize: count.default(1),
  /** The most examples of a batch that are computed at once, with the same results. Default: all. */
  microBatch: count.optional(),
  /** How Hessian-vector products are taken. */
  hvp: z.enum(["exact", "finite-difference"]).default("exact"),
  /** Meta-updates between two lines of metrics. */
  logEvery: count.default(10),
  /** Meta-updates between two checkpoints. */
  checkpointEvery: count.default(200),
  /** A checkpoint is also due when the last one is so many minutes old. Default: never. */
  checkpointMinutes: z.number().positive().optional(),
  /** Checkpoints to keep, the newest ones; with `validate` also the best. */
  keepCheckpoints: count.default(2),
  /** Scores dev tasks now and then; the run ends with the parameters that scored best. Default: no. */
  validate: validateSchema.optional(),
});

/** How target tasks are scored. */
const evaluateSchema = z.strictObject({
  /**
   * How questions are answered: by each option's `likelihood`; by how much the question raises it
   * (`pmi`); or without the model, by the `majority` of the demonstrations' answers or at `random`.
   */
  method: z.enum(["likelihood", "pmi", "majority", "random"]).default("likelihood"),
  /** Which sets of demonstrations to use; each is drawn with one of these seeds. */
  seeds: z.array(z.int()).min(1).default([100, 13, 21, 42, 87]),
  /**
   * Adapts the parameters to each target before it is scored, with the run's learner (`own`) or
   * another one: to its demonstrations, in batches of `train.batchSize`, or to an episode's support.
   * Default: `own` for episodes, and no for questions.
   */
  adapt: z.union([z.literal("own"), referenceTo("learner")]).optional(),
  /** Tokens, padding included, that are scored at once. Default: as memory allows, at most 8192. */
  tokensPerBatch: count.optional(),
  /** Whether the answers to all questions are kept, in the run's `predictions` folder. */
  predictions: z.boolean().default(true),
});

/** Everything that one run needs to know. */
export const runSchema = z.strictObject({
  /** Training seed. */
  seed: z.int().min(0).default(100),
  runtime: referenceTo("runtime").prefault({ use: "auto" }),
  model: referenceTo("model"),
  /** Gives the model more parameters, such as `lora`. */
  adapter: referenceTo("adapter").optional(),
  tasks: referenceTo("tasks"),
  learner: referenceTo("learner").optional(),
  /** Parameters that training changes: names, where `*` is any text and a `!` leaves out. Default: all. */
  trainable: z.array(z.string()).min(1).optional(),
  optimizer: referenceTo("optimizer").optional(),
  /** Where metrics go besides the run directory. */
  tracker: referenceTo("tracker").optional(),
  train: trainSchema.prefault({}),
  evaluate: evaluateSchema.prefault({}),
});

/** A run's name is a part of its directory's name. */
const runName = z
  .string()
  .regex(/^[\w+-][\w.+-]*$/, "a run's name may have letters, digits, dots and any of _ + -");

/** What every run of a comparison changes: any part of a run's config. */
const changesSchema = z.record(z.string(), z.unknown());

/** A config file. */
export const configSchema = z.strictObject({
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
  ...runSchema.shape,
  model: referenceTo("model").optional(),
  tasks: referenceTo("tasks").optional(),
  launcher: referenceTo("launcher")
    .optional()
    .describe(
      "What carries out the runs of a comparison. Default: this process, one after the other.",
    ),
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

/** A checked config file with defaults filled in, before runs are told apart. */
export type Config = z.output<typeof configSchema>;

/** One run's config: complete and checked. */
export type RunConfig = z.output<typeof runSchema>;
