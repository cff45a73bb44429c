import type { EpisodeTarget, Question, TargetTask } from "../contracts/task.js";
import { MetaError } from "../errors.js";
import { randomFor } from "../random.js";
import { counted } from "../text/counted.js";

/**
 * Rule that picks a question's answer: lowest mean loss (`likelihood`), largest drop of the loss against a
 * neutral question (`pmi`), or, without a model, the most frequent answer of the demonstrations
 * (`majority`) or a random option.
 */
export type AnswerMethod = "likelihood" | "pmi" | Baseline;

/** Methods without a model. */
export type Baseline = "majority" | "random";

/** Scores of each option of each question, in order; the lowest score of a question wins. */
export type OptionScores = readonly number[];

/** Computes a model's mean loss on each sequence of some questions, in order. */
export type LossesOf = (questions: readonly Pick<Question, "sequences">[]) => Promise<OptionScores>;

/** Narrows a method to a {@link Baseline}. */
export function isBaseline(method: AnswerMethod): method is Baseline {
  return method === "majority" || method === "random";
}

/**
 * Checks that a task provides what a method needs.
 *
 * @throws MetaError `BAD_OPTION` when it does not
 */
export function checkMethod(target: TargetTask | EpisodeTarget, method: AnswerMethod): void {
  if ("episodes" in target) {
    if (method === "likelihood") return;
    throw new MetaError(
      "BAD_OPTION",
      `The method ${method} answers questions, but the task "${target.name}" has episodes.`,
    );
  }
  if (target.isFreeForm && method !== "likelihood") {
    throw new MetaError(
      "BAD_OPTION",
      `The method ${method} compares options, but answers to the task "${target.name}" are generated. Take the method likelihood, or give the task options.`,
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
 * Scores options by pointwise mutual information: their mean loss minus their mean loss under a neutral
 * question. Equal neutral questions are read once.
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
      `The neutral questions of the task "${target.name}" do not belong to its ${counted(questions.length, "question")}.`,
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

/** Scores options by a method without a model. */
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
