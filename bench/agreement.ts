import type { Sample } from "./measure.js";

/**
 * Sentence with the number of equal answers of two sides. The answer to a question is the option with the
 * lowest score, the first one of equals.
 *
 * @param label of the side that `theirs` belong to
 */
export function agreement(
  label: string,
  ours: NonNullable<Sample["scores"]>,
  theirs: NonNullable<Sample["scores"]>,
): string {
  let same = 0;
  let read = 0;
  let difference = 0;
  theirs.forEach((scores, i) => {
    const own = ours[i];
    if (!scores || !own) return;
    read++;
    if (answer(scores) === answer(own)) same++;
    for (const [option, score] of scores.entries()) {
      difference = Math.max(difference, Math.abs(score - (own[option] ?? Number.NaN)));
    }
  });
  return `${label} gives the same answer to ${same} of ${read} questions; scores differ by at most ${difference.toExponential(0)} nats.`;
}

function answer(scores: readonly number[]): number {
  return scores.indexOf(Math.min(...scores));
}
