import type { Sample } from "./measure.js";

/**
 * How many answers of one side are those of another, in a sentence. The answer to a question is the
 * option of lowest score, the first of equals.
 *
 * @param label of the side that `theirs` come from
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
