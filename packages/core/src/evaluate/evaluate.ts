import { MetaError } from "../errors.js";
import { modelParams } from "../metaParams.js";
import { isLanguageModel, isPredictor, type Model } from "../model.js";
import type { Params } from "../params.js";
import { randomFor } from "../random.js";
import type { TensorRuntime } from "../runtime.js";
import type { EpisodeTarget, MetricName, Question, TargetTask } from "../task.js";
import { type Adaptation, targetAdapter } from "./adaptation.js";
import { metrics } from "./metrics.js";
import { type QuestionScorer, questionScorer } from "./questionScorer.js";
import { scoreEpisodes } from "./scoreEpisodes.js";

/** A task's score with one set of demonstrations, or of episodes. */
export interface SeedScore {
  readonly seed: number;
  /** At most 1, and not below 0 save for r2. */
  readonly score: number;
  /** Questions, or queries of episodes. */
  readonly questions: number;
  /** What answers drawn uniformly from the options score on average; for r2, what the mean scores. */
  readonly chance: number;
}

/** A task's scores over all sets of demonstrations. */
export interface TaskScore {
  readonly task: string;
  readonly metric: MetricName;
  readonly unseenDomain: boolean;
  readonly seeds: readonly SeedScore[];
  readonly mean: number;
  /** The lowest score over the seeds. */
  readonly worst: number;
  readonly chance: number;
}

/** The macro-average over tasks. */
export interface Summary {
  readonly tasks: number;
  readonly mean: number;
  readonly worst: number;
  readonly chance: number;
}

/** What an evaluation found. */
export interface Evaluation {
  readonly tasks: readonly TaskScore[];
  readonly all: Summary;
  /** Over the tasks whose domain no training task shares; absent when there are none. */
  readonly unseen?: Summary;
}

/** Remembers scores, so that an evaluation can go on where an earlier one stopped. */
export interface ScoreStore {
  find(task: string, seed: number): SeedScore | undefined;
  add(task: string, score: SeedScore): Promise<void>;
}

/** What an evaluation needs. */
export interface EvaluateOptions {
  /** A language model for tasks that ask questions, a predictor for episodes. */
  readonly model: Model;
  /** The model's; what a learner has learned of its own has a part in adapting alone. */
  readonly params: Params;
  readonly targets: readonly (TargetTask | EpisodeTarget)[];
  /** Seeds of the demonstrations, or of the episodes. */
  readonly seeds: readonly number[];
  /** Adapts to the support of each task and seed, or of each episode, first. @default not at all */
  readonly adaptation?: Adaptation | undefined;
  /** Tokens, padding included, that are scored at once. @default as memory allows, at most 8192 */
  readonly tokensPerBatch?: number | undefined;
  /** Compiles the scoring. Without one it runs as it is. */
  readonly runtime?: Pick<TensorRuntime, "compile">;
  /** Scores that it finds are not computed again, and those that are computed are added. */
  readonly store?: ScoreStore | undefined;
  readonly signal?: AbortSignal;
  /** Called after each task and seed. */
  readonly onProgress?: (progress: { done: number; total: number; task: string }) => void;
}

/**
 * Scores a model on target tasks. In context, the answer to a question is the option with the lowest
 * mean negative log-likelihood, the first of equals. On episodes, the model predicts the query. Either
 * way it can adapt to the support before.
 *
 * Source: Min et al. 2022, section 4.3; metrics and averaging as in their tables. With `adaptation`:
 * fine-tuning on the k examples (their table 5), and the adaptation experiment of MAML-en-LLM.
 *
 * @throws MetaError `BAD_DATA` when there is no target task, or one without questions;
 *   `BAD_OPTION` when the model cannot do what a task wants, or one to adapt to has no support;
 *   `NON_FINITE`; the signal's reason when it is aborted
 */
export async function evaluate(options: EvaluateOptions): Promise<Evaluation> {
  const { targets, seeds, adaptation, store, onProgress, signal, model } = options;
  if (targets.length === 0) throw new MetaError("BAD_DATA", "There is no task to evaluate on.");
  const params = modelParams(options.params);
  const adapter = adaptation && targetAdapter({ ...options, adaptation });
  let scoreQuestions: QuestionScorer | undefined;
  const scorers = targets.map(scorerOf);
  const total = targets.length * seeds.length;
  const tasks: TaskScore[] = [];
  for (const [i, target] of targets.entries()) {
    const score = scorers[i] as (typeof scorers)[number];
    const scores: SeedScore[] = [];
    for (const seed of seeds) {
      signal?.throwIfAborted();
      const known = store?.find(target.name, seed);
      const found = known ?? (await score(seed));
      if (!known) await store?.add(target.name, found);
      scores.push(found);
      onProgress?.({
        done: tasks.length * seeds.length + scores.length,
        total,
        task: target.name,
      });
    }
    tasks.push({
      task: target.name,
      metric: target.metric,
      unseenDomain: target.unseenDomain,
      seeds: scores,
      mean: mean(scores.map(({ score }) => score)),
      worst: Math.min(...scores.map(({ score }) => score)),
      chance: mean(scores.map(({ chance }) => chance)),
    });
  }
  const unseen = tasks.filter(({ unseenDomain }) => unseenDomain);
  return {
    tasks,
    all: summarize(tasks),
    ...(unseen.length > 0 && { unseen: summarize(unseen) }),
  };

  /** Before anything is scored, whether the model can do what the task wants. */
  function scorerOf(target: TargetTask | EpisodeTarget): (seed: number) => Promise<SeedScore> {
    if ("episodes" in target && isPredictor(model)) {
      return (seed) => scoreEpisodes(target, seed, { model, params, adapter, signal });
    }
    if ("questions" in target && isLanguageModel(model)) {
      scoreQuestions ??= questionScorer({ ...options, model, params });
      const scorer = scoreQuestions;
      return (seed) =>
        scoreAnswers(target, seed, (questions) => {
          const ask = (params?: Params) => scorer(questions, signal, params);
          return adapter ? adapter.scored(target, seed, ask) : ask();
        });
    }
    const wanted = "episodes" in target ? "predictor (with outputs)" : "language model";
    throw new MetaError(
      "BAD_OPTION",
      `The task "${target.name}" needs a ${wanted}; came ${model.name}.`,
    );
  }
}

async function scoreAnswers(
  target: TargetTask,
  seed: number,
  lossesOf: (questions: readonly Question[]) => Promise<readonly number[]>,
): Promise<SeedScore> {
  const questions = await target.questions(seed);
  requireQuestions(target.name, seed, questions);
  const losses = await lossesOf(questions);
  const metric = metrics[target.metric];
  const gold = questions.map((question) => question.gold);
  const guessed = guesses(questions, target.name).map((answers) => metric(answers, gold));
  return {
    seed,
    score: metric(predict(questions, losses), gold),
    questions: questions.length,
    chance: mean(guessed),
  };
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

/**
 * The option with the lowest loss of each question, the first of equals.
 *
 * @param losses one per question and option, in order
 */
export function predict(questions: readonly Question[], losses: readonly number[]): string[] {
  let offset = 0;
  return questions.map(({ options }) => {
    const own = losses.slice(offset, offset + options.length);
    offset += options.length;
    return options[own.indexOf(Math.min(...own))] ?? "";
  });
}

/** A hundred sets of answers drawn uniformly from each question's options. */
function guesses(questions: readonly Question[], task: string): string[][] {
  return Array.from({ length: 100 }, (_, draw) => {
    const random = randomFor("chance", task, draw);
    return questions.map(({ options }) => options[random.integer(options.length)] ?? "");
  });
}

function summarize(tasks: readonly TaskScore[]): Summary {
  return {
    tasks: tasks.length,
    mean: mean(tasks.map((task) => task.mean)),
    worst: mean(tasks.map((task) => task.worst)),
    chance: mean(tasks.map((task) => task.chance)),
  };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
