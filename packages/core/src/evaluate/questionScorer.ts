import { setImmediate } from "node:timers/promises";
import { sizeAtLeast } from "../batch/sizeAtLeast.js";
import { scoredCount, type TokenSequence } from "../batch/tokenBatch.js";
import { type TreeBatch, tokenPrefix, treeBatch } from "../batch/tokenTree.js";
import type { LanguageModel, PrefixState, TreeReader } from "../contracts/model.js";
import type { TensorRuntime } from "../contracts/runtime.js";
import type { Question } from "../contracts/task.js";
import { MetaError } from "../errors.js";
import { disposeParams, type Params } from "../params.js";
import { counted } from "../text/counted.js";
import { batchesByLength } from "./batchesByLength.js";
import { meanLosses } from "./meanLosses.js";
import { type PlannedReading, type PlannedTree, planReading } from "./planReading.js";
import { scoreSequences } from "./scoreSequences.js";
import { tokensAtOnce } from "./tokensAtOnce.js";

/** Options of {@link questionScorer}. */
export interface QuestionScorerOptions {
  readonly model: LanguageModel;
  readonly params: Params;
  /** Tokens per batch, padding included. @default by free memory, at most 8192 */
  readonly tokensPerBatch?: number | undefined;
  /** Compiles the model's functions. @default they run uncompiled */
  readonly runtime?: Pick<TensorRuntime, "compile"> | undefined;
}

/**
 * Scores questions; throws the signal's reason when it is aborted.
 *
 * @param params parameters adapted to the questions' task. @default the scorer's own
 */
export type QuestionScorer = (
  questions: readonly Pick<Question, "sequences">[],
  signal?: AbortSignal,
  params?: Params,
) => Promise<number[]>;

/**
 * Makes a function from questions to the score of each of their sequences, in order: the mean negative
 * log-likelihood of its scored tokens, in nats. Scores equal those of {@link scoreSequences}; tokens that
 * sequences share are read once, if the model has `trees`.
 *
 * The function throws MetaError `BAD_DATA` for a sequence without a scored token, `SHAPE_MISMATCH` for a
 * sequence longer than the model's context, and `NON_FINITE` for a score that is not a number.
 */
export function questionScorer(options: QuestionScorerOptions): QuestionScorer {
  const { model, tokensPerBatch, runtime } = options;
  if (!model.trees) {
    return (questions, signal, params = options.params) => {
      const sequences = questions.flatMap((question) => question.sequences);
      return scoreSequences({ model, params, sequences, tokensPerBatch, signal });
    };
  }
  const reader = runtime ? compiled(model.trees, runtime) : model.trees;

  return async (questions, signal, params = options.params) => {
    const sequences = questions.flatMap((question) => question.sequences);
    for (const sequence of sequences) check(sequence, model);
    const scores = new Array<number>(sequences.length);
    for (const reading of planReading(questions.map((question) => question.sequences))) {
      await score(reading, sequences, scores, params, signal);
    }
    return scores;
  };

  /** Computes the scores of one reading's sequences. */
  async function score(
    { prefix, trees }: PlannedReading,
    sequences: readonly TokenSequence[],
    scores: number[],
    params: Params,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const state = prefix.length > 0 ? read(prefix, params) : undefined;
    try {
      for (const indices of batchesByLength(trees.map(sizeOf), limitFor(prefix, trees))) {
        signal?.throwIfAborted();
        const chosen = indices.map((i) => trees[i] as PlannedTree);
        const losses = await lossesOf(treeBatch(chosen), params, state);
        const own = chosen.flatMap((tree) => tree.sequences);
        const means = meanLosses(
          losses,
          own.map((i) => sequences[i] as TokenSequence),
        );
        own.forEach((sequence, i) => {
          scores[sequence] = means[i] as number;
        });
        await setImmediate();
      }
    } finally {
      if (state) disposeParams(state);
    }
  }

  function read(prefix: readonly number[], params: Params): PrefixState {
    const tensors = tokenPrefix(prefix, model.maxTokens);
    const state = reader.readPrefix(params, tensors);
    disposeParams(tensors);
    return state;
  }

  async function lossesOf(batch: TreeBatch, params: Params, state: PrefixState | undefined) {
    const losses = reader.treeLosses(params, batch, state);
    const values = await losses.data();
    losses.dispose();
    disposeParams(batch);
    return values;
  }

  function limitFor(prefix: readonly number[], trees: readonly PlannedTree[]): number {
    const longest = Math.max(...trees.map(({ ids }) => ids.length));
    return tokensPerBatch ?? tokensAtOnce(model, prefix.length + longest);
  }
}

function compiled(
  { readPrefix, treeLosses }: TreeReader,
  runtime: Pick<TensorRuntime, "compile">,
): TreeReader {
  return {
    // Not XLA: it would compile for longer than the few prefixes of one length take to read.
    readPrefix: runtime.compile(readPrefix, { name: "readPrefix", mode: "graph" }),
    treeLosses: runtime.compile(treeLosses, { name: "treeLosses" }),
  };
}

function sizeOf({ ids, answers }: PlannedTree) {
  return {
    length: sizeAtLeast(ids.length),
    scored: answers.reduce((sum, own) => sum + own.length, 0),
  };
}

function check(sequence: TokenSequence, { name, maxTokens }: LanguageModel): void {
  const { length } = sequence.ids;
  if (scoredCount(sequence) < 1) {
    throw new MetaError(
      "BAD_DATA",
      `A sequence of ${counted(length, "token")} has no scored token after its first one.`,
    );
  }
  if (length > maxTokens) {
    throw new MetaError(
      "SHAPE_MISMATCH",
      `${name} reads at most ${maxTokens} tokens, but was given ${length}.`,
    );
  }
}
