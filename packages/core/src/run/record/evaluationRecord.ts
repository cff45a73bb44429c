import { z } from "zod";
import type { Evaluation, Summary } from "../../evaluate/scores.js";
import { summarize, summarizeSeeds } from "../../evaluate/summarize.js";
import { runDirectory } from "./runDirectory.js";
import { readWritten } from "./writtenFile.js";

/** A finished evaluation of a run: `evaluation.json`. */
export interface EvaluationRecord extends Evaluation {
  readonly format: 1;
  /** Seeds of the demonstrations or episodes. */
  readonly seeds: readonly number[];
  /** Wall-clock time. */
  readonly seconds: number;
  /** Part of `seconds` spent compiling. */
  readonly compileSeconds: number;
  /** Peak resident memory of the process up to the end of the evaluation. */
  readonly peakBytes: number;
  /** File of the answers, relative to the run's directory; absent if they are not kept. */
  readonly predictions?: string;
}

/** Largest relative difference of numbers that are equal but for rounding. */
const rounding = 1e-9;

const score = z.number().refine((value) => value <= 1 + rounding, "expected a score of at most 1");
const share = score.refine((value) => value >= 0, "expected a score of at least 0");
const amount = z.number().min(0);
const count = z.int().min(1);
const averages = { mean: score, worst: score, chance: score };

const seedSchema = z.looseObject({
  seed: z.int(),
  score,
  questions: count,
  chance: score,
  accuracy: share.optional(),
  goldLoss: z.number().optional(),
  freeForm: z.looseObject({ "exact-match": share, "qa-f1": share, "rouge-l": share }).optional(),
});

const signedMetrics = ["matthews", "pearson", "r2"] as const;
const unsignedMetrics = [
  ...(["accuracy", "macro-f1", "classification-f1"] as const),
  ...(["exact-match", "qa-f1", "rouge-l"] as const),
];

const taskSchema = z
  .looseObject({
    task: z.string(),
    metric: z.enum([...unsignedMetrics, ...signedMetrics]),
    unseenDomain: z.boolean(),
    seeds: z.array(seedSchema).min(1),
    ...averages,
  })
  .superRefine((task, context) => {
    requireSame(task, summarizeSeeds(task.seeds), context, []);
    const isSigned = signedMetrics.some((metric) => metric === task.metric);
    if (isSigned || task.worst >= 0) return;
    const message = "expected a score of at least 0";
    context.addIssue({ code: "custom", message, path: ["worst"] });
  });

const summarySchema = z.looseObject({ tasks: count, ...averages });

const evaluationSchema = z
  .looseObject({
    format: z.literal(1),
    seeds: z.array(z.int()).min(1),
    seconds: amount,
    compileSeconds: amount,
    peakBytes: amount,
    predictions: z.string().optional(),
    tasks: z.array(taskSchema).min(1),
    all: summarySchema,
    unseen: summarySchema.optional(),
  })
  .superRefine(({ tasks, all, unseen }, context) => {
    requireSame(all, summarize(tasks), context, ["all"]);
    const others = tasks.filter(({ unseenDomain }) => unseenDomain);
    if (unseen) requireSame(unseen, summarize(others), context, ["unseen"]);
  });

/** Requires averages to be those of the scores below them: a digit that was changed shows. */
function requireSame(
  found: Partial<Summary>,
  computed: Partial<Summary>,
  context: z.core.$RefinementCtx,
  path: string[],
): void {
  for (const key of Object.keys(computed) as (keyof Summary)[]) {
    const [got, wanted] = [Number(found[key]), Number(computed[key])];
    if (Math.abs(got - wanted) <= rounding * (1 + Math.abs(wanted))) continue;
    const message = `expected ${wanted}, by the scores below it`;
    context.addIssue({ code: "custom", message, path: [...path, key] });
  }
}

/**
 * Reads the evaluation in a run's directory, if there is one. Averages are compared with the scores that they are of.
 *
 * @throws MetaError `BAD_DATA` for a file that is not what metalearn writes
 */
export async function readEvaluation(directory: string): Promise<EvaluationRecord | undefined> {
  return readWritten(runDirectory(directory).evaluation, evaluationSchema);
}
