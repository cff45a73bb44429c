import type { EpisodeTarget, Question, TargetTask } from "../contracts/task.js";
import { MetaError } from "../errors.js";
import { randomFor } from "../random.js";

/**
 * How questions are answered: by the model's mean loss on each option (`likelihood`), by that loss
 * less the one that the option has without the question (`pmi`), or, without a model, by the most
 * frequent answer of the demonstrations (`majority`) or at random.
 */
export type AnswerMethod = "likelihood" | "pmi" | Baseline;

/** Methods that need no model. */
export type Baseline = "majority" | "random";

/** A number for each option of each question, in order; the lowest of a question's is the answer. */
export type OptionScores = readonly number[];

/** A model's mean loss on each sequence of some questions, in order. */
export type LossesOf = (questions: readonly Pick<Question, "sequences">[]) => Promise<OptionScores>;

/** Whether a method needs no model. */
export function isBaseline(method: AnswerMethod): method is Baseline {
  return method === "majority" || method === "random";
}

/**
 * What a task must offer for a method to be usable.
 *
 * @throws MetaError `BAD_OPTION`
 */
export function checkMethod(target: TargetTask | EpisodeTarget, method: AnswerMethod): void {
  if ("episodes" in target) {
    if (method === "likelihood") return;
    throw new MetaError(
      "BAD_OPTION",
      `The method ${method} answers questions, but the task "${target.name}" has episodes.`,
    );
  }
  if (method === "pmi" && !target.neutralQuestions) {
    throw new MetaError(
      "BAD_OPTION",
      `The task "${target.name}" has no neutral questions, with which the method pmi compares. Score answers directly, not by the channel method, or take the method likelihood.`,
    );
  }
  if (method === "majority" && !target.demonstratedAnswers) {
    throw new MetaError(
      "BAD_OPTION",
      `The task "${target.name}" does not tell what its demonstrations answer, which the method majority counts.`,
    );
  }
}

/**
 * Scores by pointwise mutual information: how much more likely the question makes each option. Neutral
 * questions that are the same are read once.
 *
 * Source: Holtzman et al. 2021, section 3 (domain-conditional PMI), with a neutral input as in Min et
 * al. 2022 ("PMI") and Zhao et al. 2021.
 */
export async function pmiScores(
  target: TargetTask,
  seed: number,
  { questions, lossesOf }: { questions: readonly Question[]; lossesOf: LossesOf },
): Promise<OptionScores> {
  const neutral = (await target.neutralQuestions?.(seed)) ?? [];
  const same = neutral.every(
    ({ sequences }, i) => sequences.length === questions[i]?.sequences.length,
  );
  if (neutral.length !== questions.length || !same) {
    throw new MetaError(
      "BAD_DATA",
      `The neutral questions of the task "${target.name}" do not belong to its ${questions.length} questions.`,
    );
  }
  const losses = await lossesOf(questions);
  const priors = await lossesOfDistinct(neutral, lossesOf);
  return losses.map((loss, i) => loss - (priors[i] as number));
}

async function lossesOfDistinct(
  questions: readonly Pick<Question, "sequences">[],
  lossesOf: LossesOf,
): Promise<OptionScores> {
  const keys = questions.map(({ sequences }) => JSON.stringify(sequences));
  const distinct = new Map(keys.map((key, i) => [key, questions[i] as (typeof questions)[number]]));
  const losses = await lossesOf([...distinct.values()]);
  const known = new Map<string, OptionScores>();
  let offset = 0;
  for (const [key, { sequences }] of distinct) {
    known.set(key, losses.slice(offset, offset + sequences.length));
    offset += sequences.length;
  }
  return keys.flatMap((key) => known.get(key) ?? []);
}

/** Scores of a method that needs no model. */
export async function baselineScores(
  target: TargetTask,
  seed: number,
  { questions, method }: { questions: readonly Question[]; method: Baseline },
): Promise<OptionScores> {
  if (method === "random") {
    const random = randomFor("random answers", target.name, seed);
    return questions.flatMap(({ options }) => options.map(() => random.uniform()));
  }
  const counts = new Map<string, number>();
  for (const answer of (await target.demonstratedAnswers?.(seed)) ?? []) {
    counts.set(answer, (counts.get(answer) ?? 0) + 1);
  }
  return questions.flatMap(({ options }) => options.map((option) => -(counts.get(option) ?? 0)));
}
