import type { Question, TargetTask } from "../contracts/task.js";
import { MetaError } from "../errors.js";
import { randomFor } from "../random.js";
import { mean } from "../statistics.js";
import type { OptionScores } from "./answerMethods.js";
import { isCorrect, metrics } from "./metrics.js";
import type { SeedScore } from "./scores.js";

/** Answer to one question. */
export interface Answer {
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

/**
 * Scores the answers to a task's questions.
 *
 * @throws MetaError `BAD_DATA` for no questions, or a question without one sequence per option
 */
export async function scoreAnswers(
  target: TargetTask,
  seed: number,
  scoresOf: (questions: readonly Question[]) => Promise<OptionScores>,
): Promise<ScoredAnswers> {
  const questions = await target.questions(seed);
  requireQuestions(target.name, seed, questions);
  const scores = await scoresOf(questions);
  const metric = metrics[target.metric];
  const gold = questions.map((question) => question.gold);
  const predictions = predict(questions, scores);
  const guessed = guesses(questions, target.name).map((answers) => metric(answers, gold));
  const own = byQuestion(questions, scores);
  return {
    seed,
    score: metric(predictions, gold),
    questions: questions.length,
    chance: mean(guessed),
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

function requireQuestions(task: string, seed: number, questions: readonly Question[]): void {
  if (questions.length === 0) {
    throw new MetaError("BAD_DATA", `The task "${task}" asks no question under seed ${seed}.`);
  }
  for (const { options, sequences } of questions) {
    if (options.length === sequences.length) continue;
    throw new MetaError(
      "BAD_DATA",
      `A question of the task "${task}" has ${options.length} options but ${sequences.length} sequences.`,
    );
  }
}

/** Draws a hundred sets of answers, uniform over each question's options. */
function guesses(questions: readonly Question[], task: string): string[][] {
  return Array.from({ length: 100 }, (_, draw) => {
    const random = randomFor("chance", task, draw);
    return questions.map(({ options }) => options[random.integer(options.length)] ?? "");
  });
}
