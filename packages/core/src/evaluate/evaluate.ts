import { MetaError } from "../errors.js";
import type { LanguageModel } from "../model.js";
import type { Params } from "../params.js";
import { randomFor } from "../random.js";
import type { TensorRuntime } from "../runtime.js";
import type { MetricName, Question, TargetTask } from "../task.js";
import { type Adaptation, targetAdapter } from "./adaptToTarget.js";
import { metrics } from "./metrics.js";
import { questionScorer } from "./questionScorer.js";

/** A task's score with one set of demonstrations. */
export interface SeedScore {
  readonly seed: number;
  /** From 0 to 1. */
  readonly score: number;
  readonly questions: number;
  /** What answers drawn uniformly from the options score on average. */
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
  readonly model: LanguageModel;
  readonly params: Params;
  readonly targets: readonly TargetTask[];
  /** Seeds of the demonstrations. */
  readonly seeds: readonly number[];
  /** Adapts the parameters to each task and seed first. Without one they are asked as they are. */
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
 * Scores a model on target tasks in context: the answer to a question is the option with the
 * lowest mean negative log-likelihood, the first of equals.
 *
 * Source: Min et al. 2022, section 4.3; metrics and averaging as in their tables. With `adaptation`:
 * fine-tuning on the k examples (their table 5), and the adaptation experiment of MAML-en-LLM.
 *
 * @throws MetaError `BAD_DATA` when there is no target task, or one without questions; `BAD_OPTION`
 *   when one to adapt to has no support; `NON_FINITE`; the signal's reason when it is aborted
 */
export async function evaluate(options: EvaluateOptions): Promise<Evaluation> {
  const { targets, seeds, adaptation, store, onProgress, signal, ...scoring } = options;
  if (targets.length === 0) throw new MetaError("BAD_DATA", "There is no task to evaluate on.");
  const scoreQuestions = questionScorer(scoring);
  const adapted = adaptation && targetAdapter({ ...scoring, adaptation });
  const total = targets.length * seeds.length;
  const tasks: TaskScore[] = [];
  for (const target of targets) {
    const scores: SeedScore[] = [];
    for (const seed of seeds) {
      signal?.throwIfAborted();
      const known = store?.find(target.name, seed);
      const score = known ?? (await scoreTarget(target, seed));
      if (!known) await store?.add(target.name, score);
      scores.push(score);
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

  async function scoreTarget(target: TargetTask, seed: number): Promise<SeedScore> {
    const questions = await target.questions(seed);
    requireQuestions(target.name, seed, questions);
    const ask = (params?: Params) => scoreQuestions(questions, signal, params);
    const losses = await (adapted ? adapted(target, seed, ask) : ask());
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
