import { randomFor } from "@metalearn/core";
import { expect, test } from "vitest";
import { bpe } from "../../src/tokenizer/bpe/bpe.js";

/**
 * BPE as it is defined: of all pairs that can be merged, the one of the lowest rank, and of those the leftmost, until
 * there is none. Source: Sennrich et al. 2016, algorithm 1.
 */
function byDefinition(word: string, merges: readonly (readonly [string, string])[]): string[] {
  const parts = [...word];
  while (true) {
    let [rank, place] = [merges.length, -1];
    for (let i = 0; i + 1 < parts.length; i++) {
      const found = merges.findIndex(([a, b]) => a === parts[i] && b === parts[i + 1]);
      if (found !== -1 && found < rank) [rank, place] = [found, i];
    }
    if (place === -1) return parts;
    parts.splice(place, 2, `${parts[place]}${parts[place + 1]}`);
  }
}

test("long words have the BPE of its definition, with merges in any order, and so have their ends", () => {
  for (let seed = 0; seed < 60; seed++) {
    const random = randomFor("merges", seed);
    const letters = ["a", "b", "c"].slice(0, 1 + random.integer(3));
    const tokens = [...letters];
    const merges: (readonly [string, string])[] = [];
    while (merges.length < 3 + random.integer(30)) {
      const [left, right] = [0, 1].map(() => tokens[random.integer(tokens.length)] as string);
      if (left === undefined || right === undefined || left.length + right.length > 9) continue;
      if (merges.some(([a, b]) => a === left && b === right)) continue;
      if (!tokens.includes(left + right)) tokens.push(left + right);
      merges.push([left, right]);
    }
    const shuffled = seed % 2 === 0 ? merges : random.sample(merges, merges.length);
    const encoder = bpe({
      vocabulary: new Map(tokens.map((token, id) => [token, id])),
      merges: shuffled,
      byteLevel: false,
      byteFallback: false,
      unknownToken: undefined,
      fuseUnknown: false,
      ignoreMerges: false,
    });
    for (let i = 0; i < 4; i++) {
      const unit = Array.from({ length: 1 + random.integer(700) }, () => {
        return letters[random.integer(letters.length)];
      }).join("");
      const word = unit.repeat(Math.ceil(700 / unit.length));
      const wanted = byDefinition(word, shuffled);
      const ids: number[] = [];
      encoder.encode(word, ids);
      expect(ids.map((id) => tokens[id]).join(" "), `seed ${seed}`).toBe(wanted.join(" "));
      for (const limit of [1, 2, 5, 20, wanted.length]) {
        const start = encoder.encodeStart(word, limit).map((id) => tokens[id]);
        expect(start, `seed ${seed}`).toEqual(wanted.slice(0, limit));
        const end = encoder.encodeEnd(word, limit).map((id) => tokens[id]);
        expect(end, `seed ${seed}`).toEqual(wanted.slice(wanted.length - limit));
      }
    }
  }
});
