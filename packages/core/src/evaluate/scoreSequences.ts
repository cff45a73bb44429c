import { setImmediate } from "node:timers/promises";
import { MetaError } from "../errors.js";
import type { LanguageModel } from "../model.js";
import type { Params } from "../params.js";
import { scoredCount, type TokenSequence, tokenBatch } from "../tokenBatch.js";

/** Options of {@link scoreSequences}. */
export interface ScoreOptions {
  readonly model: LanguageModel;
  readonly params: Params;
  readonly sequences: readonly TokenSequence[];
  /** Tokens, padding included, that are scored at once. @default 16384 */
  readonly tokensPerBatch?: number;
  readonly signal?: AbortSignal;
}

/**
 * The mean negative log-likelihood of each sequence's scored part, in nats: lower is more likely.
 * Sequences of similar length are scored together, so that little padding is read.
 *
 * Source: Min et al. 2022, as their published scorer averages over tokens.
 *
 * @throws MetaError `NON_FINITE` when a score is not a number; the signal's reason when it is aborted
 */
export async function scoreSequences({
  model,
  params,
  sequences,
  tokensPerBatch = 16_384,
  signal,
}: ScoreOptions): Promise<number[]> {
  const scores = new Array<number>(sequences.length);
  for (const indices of batchesByLength(sequences, tokensPerBatch)) {
    signal?.throwIfAborted();
    const chosen = indices.map((i) => sequences[i] as TokenSequence);
    const batch = tokenBatch(chosen);
    const losses = model.tokenLosses(params, batch);
    const values = await losses.data();
    losses.dispose();
    for (const tensor of Object.values(batch)) tensor.dispose();
    let offset = 0;
    chosen.forEach((sequence, row) => {
      const count = scoredCount(sequence);
      let sum = 0;
      for (let t = 0; t < count; t++) sum += values[offset + t] as number;
      if (Number.isNaN(sum)) throw notANumber(sequence);
      scores[indices[row] as number] = sum / count;
      offset += count;
    });
    await setImmediate();
  }
  return scores;
}

function notANumber({ ids }: TokenSequence): MetaError {
  return new MetaError(
    "NON_FINITE",
    `The model's loss on a sequence of ${ids.length} tokens is not a number. Are its parameters finite?`,
  );
}

/** Scored tokens at once: each costs a row of the whole vocabulary. */
const maxScored = 1024;

/** Indices of sequences, longest first, in batches of at most `limit` padded tokens. */
function batchesByLength(sequences: readonly TokenSequence[], limit: number): number[][] {
  const length = (i: number) => (sequences[i] as TokenSequence).ids.length;
  // Equal lengths keep their order, so that batches are the same on every machine.
  const order = sequences.map((_, i) => i).sort((a, b) => length(b) - length(a) || a - b);
  const batches: number[][] = [];
  let current: number[] = [];
  let scored = 0;
  for (const i of order) {
    const own = scoredCount(sequences[i] as TokenSequence);
    const padded = length(current[0] ?? i) * (current.length + 1);
    if (current.length > 0 && (padded > limit || scored + own > maxScored)) {
      batches.push(current);
      current = [];
      scored = 0;
    }
    current.push(i);
    scored += own;
  }
  if (current.length > 0) batches.push(current);
  return batches;
}
