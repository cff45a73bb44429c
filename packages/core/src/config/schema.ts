import { z } from "zod";

/** A component in a config: the name of a factory, and its options. */
const reference = z.looseObject({ use: z.string() });

const count = z.int().min(1);

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
  /** Checkpoints to keep. */
  keepCheckpoints: count.default(2),
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
  adapt: z.union([z.literal("own"), reference]).optional(),
  /** Tokens, padding included, that are scored at once. Default: as memory allows, at most 8192. */
  tokensPerBatch: count.optional(),
  /** Whether the answers to all questions are kept, in the run's `predictions` folder. */
  predictions: z.boolean().default(true),
});

/** Everything that one run needs to know. */
export const runSchema = z.strictObject({
  /** Training seed. */
  seed: z.int().min(0).default(100),
  runtime: reference.prefault({ use: "auto" }),
  model: reference,
  /** Gives the model more parameters, such as `lora`. */
  adapter: reference.optional(),
  tasks: reference,
  learner: reference.optional(),
  /** Parameters that training changes: names, where `*` is any text and a `!` leaves out. Default: all. */
  trainable: z.array(z.string()).min(1).optional(),
  optimizer: reference.optional(),
  /** Where metrics go besides the run directory. */
  tracker: reference.optional(),
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
  /** Packages whose components may be used. */
  plugins: z.array(z.string()).optional(),
  /** The folder for results. */
  out: z.string().default("runs"),
  ...runSchema.shape,
  model: reference.optional(),
  tasks: reference.optional(),
  /** Runs to compare, by name and in the order of the report. */
  compare: z
    .strictObject({
      /** The report's title. */
      title: z.string().optional(),
      /** A paragraph for the report, for example on where the data comes from. */
      note: z.string().optional(),
      /** Training seeds; every run is repeated with each. */
      seeds: z
        .array(z.int().min(0))
        .min(1)
        .refine((seeds) => new Set(seeds).size === seeds.length, "a seed is there twice")
        .optional(),
      runs: z.record(runName, changesSchema),
    })
    .optional(),
});

/** A checked config file with defaults filled in, before runs are told apart. */
export type Config = z.output<typeof configSchema>;

/** One run's config: complete and checked. */
export type RunConfig = z.output<typeof runSchema>;
