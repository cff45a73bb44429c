import type { Question, TargetTask } from "../contracts/task.js";
import { MetaError } from "../errors.js";
import { randomFor } from "../random.js";
import { mean } from "../statistics.js";
import { counted } from "../text/counted.js";
import type { OptionScores } from "./answerMethods.js";
import { isCorrect as isEqual, isExactMatch, metrics } from "./metrics.js";
import type { FreeFormScores, SeedScore } from "./scores.js";

/** Answer to one question. */
export interface Answer {
  /** Empty for an answer that was generated. */
  readonly options: readonly string[];
  /**
   * Score of each option; the lowest wins. With `likelihood` the mean negative log-likelihood, in nats per
   * token; with `pmi` its difference from that under the neutral question.
   */
  readonly scores: readonly number[];
  readonly prediction: string;
  /** Correct answers. */
  readonly gold: readonly string[];
  readonly correct: boolean;
}

/** A score and the answers that it was computed from. */
export interface ScoredAnswers extends SeedScore {
  readonly answers: readonly Answer[];
}

/** A model's results on some questions. */
export interface ModelAnswers {
  /** Scores of all options of all questions, in order. */
  readonly scores: OptionScores;
  /** True if scores are mean losses, in nats per token. */
  readonly areLosses: boolean;
  /** Answers to the questions that have a prompt, in order. */
  readonly generated: readonly string[];
}

/**
 * Scores the answers to a task's questions.
 *
 * @throws MetaError `BAD_DATA` for no questions, or a question without one sequence per option
 */
export async function scoreAnswers(
  target: TargetTask,
  seed: number,
  answersTo: (questions: readonly Question[]) => Promise<ModelAnswers>,
): Promise<ScoredAnswers> {
  const questions = await target.questions(seed);
  requireQuestions(target, seed, questions);
  const { scores, areLosses, generated } = await answersTo(questions);
  const metric = metrics[target.metric];
  const gold = questions.map((question) => question.gold);
  const isCorrect = target.isFreeForm ? isExactMatch : isEqual;
  const predictions = target.isFreeForm ? generated : predict(questions, scores);
  const guessed = guesses(questions, target.name).map((answers) => metric(answers, gold));
  const own = byQuestion(questions, scores);
  return {
    seed,
    score: metric(predictions, gold),
    questions: questions.length,
    chance: mean(guessed),
    ...(target.isFreeForm
      ? { freeForm: freeFormScores(predictions, gold) }
      : { accuracy: metrics.accuracy(predictions, gold) }),
    ...(areLosses && goldLoss(questions, own)),
    answers: questions.map(({ options, gold }, i) => {
      const prediction = predictions[i] as string;
      const scores = own[i] as number[];
      return { options, scores, prediction, gold, correct: isCorrect(prediction, gold) };
    }),
  };
}

/**
 * Picks the option with the lowest score for each question; ties: the first.
 *
 * @param scores one score per question and option, in order
 */
export function predict(questions: readonly Question[], scores: OptionScores): string[] {
  return byQuestion(questions, scores).map(
    (own, i) => questions[i]?.options[own.indexOf(Math.min(...own))] ?? "",
  );
}

function byQuestion(questions: readonly Question[], scores: OptionScores): number[][] {
  let offset = 0;
  return questions.map(({ options }) => {
    const start = offset;
    offset += options.length;
    return scores.slice(start, offset);
  });
}

/** Mean loss of the right options; nothing for questions of which none offers a right one. */
function goldLoss(questions: readonly Question[], losses: readonly (readonly number[])[]) {
  const right = questions.flatMap(({ options, gold }, i) => {
    const own = (losses[i] as readonly number[]).filter((_, k) =>
      isEqual(options[k] as string, gold),
    );
    return own.length > 0 ? [Math.min(...own)] : [];
  });
  return right.length > 0 ? { goldLoss: mean(right) } : {};
}

/** Scores of generated answers by each metric of free text. */
function freeFormScores(
  predictions: readonly string[],
  gold: readonly (readonly string[])[],
): FreeFormScores {
  const names = ["exact-match", "qa-f1", "rouge-l"] as const;
  const scores = names.map((name) => [name, metrics[name](predictions, gold)]);
  return Object.fromEntries(scores) as FreeFormScores;
}

function requireQuestions(
  { name: task, isFreeForm = false }: TargetTask,
  seed: number,
  questions: readonly Question[],
): void {
  if (questions.length === 0) {
    throw new MetaError("BAD_DATA", `The task "${task}" asks no question under seed ${seed}.`);
  }
  for (const { options, sequences, prompt } of questions) {
    if ((prompt !== undefined) !== isFreeForm) {
      throw new MetaError(
        "BAD_DATA",
        `Expected a prompt for every question of a task with isFreeForm and for no other, but a question of "${task}" (isFreeForm: ${isFreeForm}) has ${prompt ? "one" : "none"}.`,
      );
    }
    if (options.length === sequences.length) continue;
    throw new MetaError(
      "BAD_DATA",
      `A question of the task "${task}" has ${counted(options.length, "option")} but ${counted(sequences.length, "sequence")}.`,
    );
  }
}

/** Draws a hundred sets of answers, uniform over each question's options. */
function guesses(questions: readonly Question[], task: string): string[][] {
  return Array.from({ length: 100 }, (_, draw) => {
    const random = randomFor("chance", task, draw);
    return questions.map(({ options }) =>
      options.length > 0 ? (options[random.integer(options.length)] as string) : "",
    );
  });
}
