/** Scores of the tokens of a vocabulary; -Infinity for one that cannot be drawn. */
export type TokenScores = Float32Array | Float64Array;

/** Filters of next-token scores, in transformers' order: temperature, top-k, top-p. */
export interface LogitsFilters {
  /** Divides scores; above 1 flattens the distribution, below 1 sharpens it. */
  readonly temperature: number;
  /** Keeps the `topK` tokens of highest score. @default all */
  readonly topK?: number | undefined;
  /** Keeps the likeliest tokens whose probabilities add up to `topP`. @default all */
  readonly topP?: number | undefined;
}

/**
 * Scores after temperature, top-k and top-p.
 *
 * Source: `TemperatureLogitsWarper`, `TopKLogitsWarper` and `TopPLogitsWarper` of transformers.
 */
export function filterLogits(
  logits: TokenScores,
  { temperature, topK, topP }: LogitsFilters,
): Float64Array {
  const scores = Float64Array.from(logits, (score) => score / temperature);
  const likeliest = topK === undefined ? scores : keepTopK(scores, topK);
  return topP === undefined || topP >= 1 ? likeliest : keepTopP(likeliest, topP);
}

/**
 * Keeps the `count` highest scores, and those that equal the lowest of them.
 *
 * Source: `TopKLogitsWarper` of transformers; Fan et al. 2018.
 */
function keepTopK(scores: Float64Array, count: number): Float64Array {
  if (count >= scores.length) return scores;
  const lowest = scores.slice().sort()[scores.length - count] as number;
  return scores.map((score) => (score < lowest ? Number.NEGATIVE_INFINITY : score));
}

/**
 * Keeps the smallest set of likeliest tokens whose probabilities add up to at least `share`, and at least
 * one. Of equal scores, those of higher ids are kept; torch, whose sort is not stable, may keep others.
 *
 * Source: `TopPLogitsWarper` of transformers; Holtzman et al. 2020.
 */
export function keepTopP(scores: Float64Array, share: number): Float64Array {
  const probabilities = softmax(scores);
  const ascending = Uint32Array.from(scores.keys()).sort(
    (a, b) => (scores[a] as number) - (scores[b] as number) || a - b,
  );
  const kept = scores.slice();
  let sum = 0;
  for (const id of ascending.subarray(0, -1)) {
    sum += probabilities[id] as number;
    if (sum > 1 - share) break;
    kept[id] = Number.NEGATIVE_INFINITY;
  }
  return kept;
}

/** Probabilities of scores. */
function softmax(scores: TokenScores): Float64Array {
  const highest = scores[argMax(scores)] as number;
  const weights = Float64Array.from(scores, (score) => Math.exp(score - highest));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => weight / total);
}

/** The id of the highest score; ties: the lowest id. */
export function argMax(scores: TokenScores): number {
  let best = 0;
  for (let id = 1; id < scores.length; id++) {
    if ((scores[id] as number) > (scores[best] as number)) best = id;
  }
  return best;
}

/** Draws an id by the probabilities of scores. @param uniform a random number in [0, 1) */
export function drawToken(scores: TokenScores, uniform: number): number {
  const probabilities = softmax(scores);
  let rest = uniform;
  let last = 0;
  for (const [id, probability] of probabilities.entries()) {
    if (probability === 0) continue;
    last = id;
    rest -= probability;
    if (rest < 0) break;
  }
  return last; // also where rounding leaves a rest
}
