import * as tf from "@tensorflow/tfjs";
import { describe, expect, test } from "vitest";
import type { TokenBatch, TokenSequence } from "../src/batch/tokenBatch.js";
import type { LanguageModel } from "../src/contracts/model.js";
import { type ScoreOptions, scoreSequences } from "../src/evaluate/scoreSequences.js";
import { randomFor } from "../src/random.js";
import { bigramModel, bigramParams, bits } from "./support/bigramModel.js";

const params = bigramParams();
const score = (
  sequences: readonly TokenSequence[],
  options: Partial<Omit<ScoreOptions, "params" | "sequences">> = {},
) => scoreSequences({ model: bigramModel, params, sequences, ...options });

/** Sixty sequences of 2 to 40 tokens, of which some at the end are scored. */
const many = Array.from({ length: 60 }, (_, i): TokenSequence => {
  const random = randomFor("scores", i);
  const ids = Array.from({ length: 2 + random.integer(39) }, () => random.integer(4));
  return { ids, scoredFrom: 1 + random.integer(ids.length - 1) };
});

/** What the table says about a sequence, in nats. */
function expectedScore({ ids, scoredFrom }: TokenSequence): number {
  const scored = ids.slice(scoredFrom).map((id, i) => {
    const before = ids[scoredFrom + i - 1] as number;
    return bits[before]?.[id] as number;
  });
  return (Math.LN2 * scored.reduce((a, b) => a + b)) / scored.length;
}

/** The bigram model, with a list of the batches that it was given. */
function observed() {
  const batches: { shape: number[]; scored: number }[] = [];
  const model: LanguageModel = {
    ...bigramModel,
    tokenLosses(given, batch: TokenBatch) {
      batches.push({ shape: batch.inputIds.shape, scored: batch.scoredIds.size });
      return bigramModel.tokenLosses(given, batch);
    },
  };
  return { batches, model };
}

describe("scoreSequences", () => {
  test("gives the mean surprise of the scored tokens, in nats, in the order of the sequences", async () => {
    const scores = await score([
      { ids: [0, 3], scoredFrom: 1 }, // 3 after 0: 1 bit
      { ids: [3, 3, 0, 0, 2, 1], scoredFrom: 3 }, // 0 after 0: 3; 2 after 0: 2; 1 after 2: 1; mean 2
      { ids: [1, 1, 2], scoredFrom: 0 }, // the first token has no prediction; 3 and 3
      { ids: [2, 0, 3, 1], scoredFrom: 2 }, // 3 after 0: 1; 1 after 3: 2; mean 1.5
    ]);
    [1, 2, 3, 1.5].forEach((mean, i) => {
      expect(scores[i]).toBeCloseTo(mean * Math.LN2, 6);
    });
  });

  test.each([1, 50, 300, 16_384])(
    "gives the same scores with %i tokens at once",
    async (tokensPerBatch) => {
      const scores = await score(many, { tokensPerBatch });
      many.forEach((sequence, i) => {
        expect(scores[i]).toBeCloseTo(expectedScore(sequence), 6);
      });
    },
  );

  test("reads at most that many tokens at once, padding included, unless one sequence is longer", async () => {
    const { batches, model } = observed();
    await score(many, { model, tokensPerBatch: 100 });
    for (const { shape } of batches) {
      const [rows = 0, time = 0] = shape;
      expect(rows * time <= 100 || rows === 1).toBe(true);
    }
    expect(batches.reduce((sum, { shape }) => sum + (shape[0] ?? 0), 0)).toBe(many.length);
  });

  test("scores sequences of similar length together, so that it reads little padding", async () => {
    const { batches, model } = observed();
    const lengths = [4, 2, 4, 2].map((length) => ({ ids: Array(length).fill(0), scoredFrom: 1 }));
    await score(lengths, { model, tokensPerBatch: 8 });
    expect(batches.map(({ shape }) => shape)).toEqual([
      [2, 4],
      [2, 2],
    ]);
  });

  test("scores at most 1024 tokens at once, each of which costs a row of the vocabulary", async () => {
    const { batches, model } = observed();
    const long = Array.from({ length: 10 }, () => ({ ids: Array(301).fill(0), scoredFrom: 1 }));
    await score(long, { model });
    expect(batches.map(({ scored }) => scored)).toEqual([900, 900, 900, 300]);
  });

  test("of nothing are none", async () => {
    expect(await score([])).toEqual([]);
  });

  test("stops between batches when it is told to, with the signal's reason", async () => {
    const controller = new AbortController();
    const { batches, model } = observed();
    const stopping: LanguageModel = {
      ...model,
      tokenLosses(given, batch) {
        if (batches.length === 1) controller.abort(new Error("enough"));
        return model.tokenLosses(given, batch);
      },
    };
    await expect(
      score(many, { model: stopping, tokensPerBatch: 50, signal: controller.signal }),
    ).rejects.toThrow("enough");
    expect(batches).toHaveLength(2);
  });

  test("refuses a score that is not a number, which no option can be chosen by", async () => {
    const broken = { table: tf.fill([4, 4], Number.NaN) };
    await expect(
      scoreSequences({ model: bigramModel, params: broken, sequences: many }),
    ).rejects.toThrow("[NON_FINITE] The model's loss on a sequence of 40 tokens is not a number");
  });

  test("leaves no tensor behind", async () => {
    const before = tf.memory().numTensors;
    await score(many, { tokensPerBatch: 100 });
    expect(tf.memory().numTensors).toBe(before);
  });
});
