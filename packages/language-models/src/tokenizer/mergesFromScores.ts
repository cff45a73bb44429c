/**
 * Derives merges from the scores of a SentencePiece vocabulary: every two tokens that make a third, sorted by the
 * score of the third, the highest first.
 *
 * Source: `generate_merges` of transformers, which it uses to convert SentencePiece's and llama.cpp's files.
 */
export function mergesFromScores(
  tokens: readonly string[],
  scores: readonly number[],
): (readonly [string, string])[] {
  const ids = new Map(tokens.map((token, id) => [token, id]));
  const merges = tokens.flatMap((token, id) => {
    const characters = [...token];
    const ways = characters.slice(1).flatMap((_, i) => {
      const [left, right] = [characters.slice(0, i + 1).join(""), characters.slice(i + 1).join("")];
      const [leftId, rightId] = [ids.get(left), ids.get(right)];
      if (leftId === undefined || rightId === undefined) return [];
      const lengths = [i + 1, characters.length - i - 1] as const;
      return [
        { pair: [left, right] as const, leftId, rightId, lengths, score: scores[id] as number },
      ];
    });
    return ways.sort((a, b) => a.leftId - b.leftId || a.rightId - b.rightId);
  });
  return merges
    .sort((a, b) => b.score - a.score || b.lengths[0] - a.lengths[0] || b.lengths[1] - a.lengths[1])
    .map(({ pair }) => pair);
}
