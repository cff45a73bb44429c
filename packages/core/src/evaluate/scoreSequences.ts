import { setImmediate } from "node:timers/promises";
import { scoredCount, type TokenSequence, tokenBatch } from "../batch/tokenBatch.js";
import type { LanguageModel } from "../contracts/model.js";
import { disposeParams, type Params } from "../params.js";
import { batchesByLength } from "./batchesByLength.js";
import { meanLosses } from "./meanLosses.js";
import { tokensAtOnce } from "./tokensAtOnce.js";

/** Options of {@link scoreSequences}. */
export interface ScoreOptions {
  readonly model: LanguageModel;
  readonly params: Params;
  readonly sequences: readonly TokenSequence[];
  /** Tokens per batch, padding included. @default by free memory, at most 8192 */
  readonly tokensPerBatch?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Computes the mean negative log-likelihood of each sequence's scored tokens, in nats; lower is more
 * likely. Every sequence is read in full, batched with sequences of similar length.
 *
 * Source: Min et al. 2022, as their published scorer averages over tokens.
 *
 * @throws MetaError `NON_FINITE` when a score is not a number; the signal's reason when it is aborted
 */
export async function scoreSequences({
  model,
  params,
  sequences,
  tokensPerBatch,
  signal,
}: ScoreOptions): Promise<number[]> {
  const scores = new Array<number>(sequences.length);
  const sizes = sequences.map((sequence) => ({
    length: sequence.ids.length,
    scored: scoredCount(sequence),
  }));
  const longest = Math.max(0, ...sizes.map(({ length }) => length));
  const limit = tokensPerBatch ?? tokensAtOnce(model, longest);
  for (const indices of batchesByLength(sizes, limit)) {
    signal?.throwIfAborted();
    const chosen = indices.map((i) => sequences[i] as TokenSequence);
    const batch = tokenBatch(chosen);
    const losses = model.tokenLosses(params, batch);
    const values = await losses.data();
    losses.dispose();
    disposeParams(batch);
    meanLosses(values, chosen).forEach((mean, row) => {
      scores[indices[row] as number] = mean;
    });
    await setImmediate();
  }
  return scores;
}
