/**
 * ROUGE-L: F1 of the longest common subsequence of words, from 0 to 1. Words are runs of letters a to
 * z and digits, without case and not stemmed, as in Google's `rouge-score`.
 *
 * Source: Lin 2004, section 3.1, with beta = 1.
 */
export function rougeL(prediction: string, answer: string): number {
  const got = words(prediction);
  const wanted = words(answer);
  const common = longestCommonSubsequence(got, wanted);
  return common === 0 ? 0 : (2 * common) / (got.length + wanted.length);
}

function words(text: string): string[] {
  return text.toLowerCase().match(/[a-z0-9]+/g) ?? [];
}

function longestCommonSubsequence(a: readonly string[], b: readonly string[]): number {
  // lengths[j]: longest common subsequence of the words of `a` so far and the first j words of `b`.
  let lengths = new Array<number>(b.length + 1).fill(0);
  for (const word of a) {
    const next = [0];
    for (const [j, other] of b.entries()) {
      const longer = Math.max(lengths[j + 1] as number, next[j] as number);
      next.push(word === other ? (lengths[j] as number) + 1 : longer);
    }
    lengths = next;
  }
  return lengths.at(-1) as number;
}
