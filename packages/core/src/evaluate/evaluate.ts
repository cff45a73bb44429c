import { modelParams } from "../contracts/learnerParams.js";
import { isLanguageModel, isPredictor, type Model } from "../contracts/model.js";
import type { TensorRuntime } from "../contracts/runtime.js";
import type { EpisodeTarget, TargetTask } from "../contracts/task.js";
import { MetaError } from "../errors.js";
import { requireReader } from "../generate/nextLogits.js";
import type { Params } from "../params.js";
import { type Adaptation, targetAdapter } from "./adaptation.js";
import { type Baseline, baselineScores, checkMethod, pmiScores } from "./answerMethods.js";
import { cutCounter } from "./cutQuestions.js";
import { generateAnswers } from "./generateAnswers.js";
import { type QuestionScorer, questionScorer } from "./questionScorer.js";
import { type Answer, scoreAnswers } from "./scoreAnswers.js";
import { type EpisodeAnswer, scoreEpisodes } from "./scoreEpisodes.js";
import type { Evaluation, SeedScore, TaskScore } from "./scores.js";
import { summarize, summarizeSeeds } from "./summarize.js";

/** Stores scores, so that an interrupted evaluation can resume. */
export interface ScoreStore {
  find(task: string, seed: number): SeedScore | undefined;
  add(task: string, score: SeedScore): Promise<void>;
}

/** Stores answers to single questions, and predictions of single queries of episodes. */
export interface AnswerStore {
  /** True if the answers of a task and seed are stored. */
  has(task: string, seed: number): boolean;
  add(task: string, seed: number, answers: readonly Answer[]): Promise<void>;
  /** Stores predictions of episodes. @default they are not stored */
  addEpisodes?(task: string, seed: number, answers: readonly EpisodeAnswer[]): Promise<void>;
}

/** Targets, and destinations of results and progress. */
export interface EvaluationTargets {
  readonly targets: readonly (TargetTask | EpisodeTarget)[];
  /** Seeds of the demonstrations, or of the episodes. */
  readonly seeds: readonly number[];
  /** Source of known scores, which are not recomputed; new scores are added. */
  readonly store?: ScoreStore | undefined;
  /** Destination of answers. A known score whose answers are missing is recomputed. */
  readonly answers?: AnswerStore | undefined;
  readonly signal?: AbortSignal;
  /** Called after each task and seed; a returned promise is awaited. */
  readonly onProgress?: (progress: { done: number; total: number; task: string }) => unknown;
}

/** Options of {@link evaluate}. */
export interface EvaluateOptions extends EvaluationTargets {
  /** A language model for tasks that ask questions, a predictor for episodes. */
  readonly model: Model;
  /** Model parameters. Learner parameters, if present, are used only by `adaptation`. */
  readonly params: Params;
  /** Rule that picks the answer to a question. @default "likelihood" */
  readonly method?: "likelihood" | "pmi" | undefined;
  /** Adapts to the support of each task and seed, or of each episode. @default no adaptation */
  readonly adaptation?: Adaptation | undefined;
  /** Tokens per batch, padding included. @default by free memory, at most 8192 */
  readonly tokensPerBatch?: number | undefined;
  /** Largest number of tokens of a generated answer, which also ends with its line. @default 64 */
  readonly maxNewTokens?: number | undefined;
  /** Compiles the scoring functions. @default they run uncompiled */
  readonly runtime?: Pick<TensorRuntime, "compile">;
  /** Called with one line at the end if questions lost a part to the limits of their tasks. @default no-op */
  readonly notify?: (message: string) => void;
}

/**
 * Scores a model on target tasks. The answer to a question is the option with the lowest mean negative
 * log-likelihood (ties: the first), or with `pmi` the option whose likelihood the question raises most. The
 * answer to a free-form question is what the model generates, by greedy decoding, up to the end of a line. On
 * episodes, the model's predictions of the query are scored. With `adaptation`, parameters are first
 * adapted to the support.
 *
 * Source: Min et al. 2022, section 4.3; metrics and averaging as in their tables. With `adaptation`:
 * fine-tuning on the k examples (their table 5), and the adaptation experiment of MAML-en-LLM.
 *
 * @throws MetaError `BAD_DATA` for no targets, or a target without questions; `BAD_OPTION` for a model of
 *   the wrong kind, a target without neutral questions (`pmi`) or without support (`adaptation`);
 *   `NON_FINITE`; the signal's reason when it is aborted
 */
export async function evaluate(options: EvaluateOptions): Promise<Evaluation> {
  const { adaptation, method = "likelihood", signal, model } = options;
  const params = modelParams(options.params);
  const adapter = adaptation && targetAdapter({ ...options, adaptation });
  let scoreQuestions: QuestionScorer | undefined;
  const cut = cutCounter();
  const evaluation = await evaluateTargets(options, (target) => {
    if ("episodes" in target && isPredictor(model)) {
      return (seed) => scoreEpisodes(target, seed, { model, params, adapter, signal });
    }
    if ("questions" in target && isLanguageModel(model)) {
      checkMethod(target, method);
      if (target.isFreeForm) requireReader(model);
      scoreQuestions ??= questionScorer({ ...options, model, params });
      const scorer = scoreQuestions;
      return (seed) =>
        scoreAnswers(target, seed, (questions) => {
          cut.add(target.name, questions);
          const scoresOf = (adapted?: Params) =>
            method === "pmi"
              ? pmiScores(target, seed, {
                  questions,
                  lossesOf: (of) => scorer(of, signal, adapted),
                })
              : scorer(questions, signal, adapted);
          const ask = async (adapted?: Params) =>
            target.isFreeForm
              ? {
                  scores: [],
                  areLosses: false,
                  generated: await generateAnswers(questions, {
                    ...options,
                    model,
                    params: adapted ?? params,
                  }),
                }
              : {
                  scores: await scoresOf(adapted),
                  areLosses: method === "likelihood",
                  generated: [],
                };
          return adapter ? adapter.scored(target, seed, ask) : ask();
        });
    }
    const wanted = "episodes" in target ? "predictor (with outputs)" : "language model";
    throw new MetaError(
      "BAD_OPTION",
      `The task "${target.name}" needs a ${wanted}, got ${model.name}.`,
    );
  });
  const message = cut.message();
  if (message !== undefined) options.notify?.(message);
  return evaluation;
}

/**
 * Scores a baseline without a model: the most frequent answer of the demonstrations (ties: the first
 * option), or a random option.
 *
 * @throws MetaError `BAD_DATA` as `evaluate` does; `BAD_OPTION` for a task that asks no questions
 */
export async function evaluateBaseline(
  method: Baseline,
  options: EvaluationTargets,
): Promise<Evaluation> {
  return evaluateTargets(options, (target) => {
    checkMethod(target, method);
    const asking = target as TargetTask; // checkMethod refuses targets without questions
    return (seed) =>
      scoreAnswers(asking, seed, async (questions) => ({
        scores: await baselineScores(asking, seed, { questions, method }),
        areLosses: false,
        generated: [],
      }));
  });
}

/** Computes the score of one task, by seed. */
type SeedScorer = (seed: number) => Promise<
  SeedScore & {
    readonly answers?: readonly Answer[];
    readonly queries?: readonly EpisodeAnswer[];
  }
>;

/** @param scorerOf makes the scorer of a target; throws, before anything is scored, if it cannot be scored */
async function evaluateTargets(
  { targets, seeds, store, answers: kept, signal, onProgress }: EvaluationTargets,
  scorerOf: (target: TargetTask | EpisodeTarget) => SeedScorer,
): Promise<Evaluation> {
  if (targets.length === 0) throw new MetaError("BAD_DATA", "There is no task to evaluate on.");
  const scorers = targets.map(scorerOf);
  const total = targets.length * seeds.length;
  const tasks: TaskScore[] = [];
  for (const [i, target] of targets.entries()) {
    const scores: SeedScore[] = [];
    for (const seed of seeds) {
      signal?.throwIfAborted();
      scores.push(find(target, seed) ?? (await compute(target.name, seed, i)));
      await onProgress?.({
        done: tasks.length * seeds.length + scores.length,
        total,
        task: target.name,
      });
    }
    tasks.push({
      task: target.name,
      metric: target.metric,
      unseenDomain: target.unseenDomain,
      ...("episodes" in target && { episodic: true }),
      seeds: scores,
      ...summarizeSeeds(scores),
    });
  }
  const unseen = tasks.filter(({ unseenDomain }) => unseenDomain);
  return {
    tasks,
    all: summarize(tasks),
    ...(unseen.length > 0 && { unseen: summarize(unseen) }),
  };

  function find(target: TargetTask | EpisodeTarget, seed: number): SeedScore | undefined {
    const keeps = "questions" in target ? kept : kept?.addEpisodes && kept;
    const lacksAnswers = keeps && !keeps.has(target.name, seed);
    return lacksAnswers ? undefined : store?.find(target.name, seed);
  }

  async function compute(task: string, seed: number, i: number): Promise<SeedScore> {
    const { answers, queries, ...score } = await (scorers[i] as SeedScorer)(seed);
    // Answers before their score, so that a stored score always has its answers.
    if (answers) await kept?.add(task, seed, answers);
    if (queries) await kept?.addEpisodes?.(task, seed, queries);
    await store?.add(task, score);
    return score;
  }
}
