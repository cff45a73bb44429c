import * as tf from "@tensorflow/tfjs";
import { describe, expect, test } from "vitest";
import type { TokenSequence } from "../src/batch/tokenBatch.js";
import type { LanguageModel } from "../src/contracts/model.js";
import { questionScorer } from "../src/evaluate/questionScorer.js";
import { bigramModel, bigramParams } from "./support/bigramModel.js";

const params = bigramParams();
const demonstrations = Array.from({ length: 33 }, (_, i) => i % 4);

/** Which token comes after `before`? */
const ask = (before: number) => ({
  sequences: [0, 1, 2, 3].map(
    (option): TokenSequence => ({ ids: [...demonstrations, before, option], scoredFrom: 34 }),
  ),
});
const questions = [ask(0), ask(1), ask(2)];

// Surprises in bits after 0, 1 and 2, as the table of the bigram model has them.
const bits = [3, 3, 2, 1, 1, 3, 3, 2, 2, 1, 3, 3];

const inBits = (scores: readonly number[]) => scores.map((score) => score / Math.LN2);

/** The bigram model with trees: only the token before counts, and so no prefix needs keeping. */
function treeModel() {
  const calls: string[] = [];
  const model: LanguageModel = {
    ...bigramModel,
    tokenLosses: () => {
      throw new Error("a sequence was read in full");
    },
    trees: {
      readPrefix(_, { length }) {
        calls.push(`prefix of ${length.dataSync()[0]}`);
        return { nothing: tf.scalar(0) };
      },
      treeLosses: (given, { inputIds, scoredPositions, answers }, prefix) =>
        tf.tidy(() => {
          calls.push(`trees ${inputIds.shape.join("x")}${prefix ? " after it" : ""}`);
          const predicting = tf.gather(tf.reshape(inputIds, [-1]), scoredPositions);
          const rows = tf.gather(given.table as tf.Tensor, predicting);
          return tf.neg(tf.gatherND(rows, answers)) as tf.Tensor1D;
        }),
    },
  };
  return { calls, model };
}

describe("questionScorer", () => {
  test("scores in full with a model that cannot share", async () => {
    const scores = await questionScorer({ model: bigramModel, params })(questions);
    inBits(scores).forEach((score, i) => {
      expect(score).toBeCloseTo(Number(bits[i]), 5);
    });
  });

  test("reads a common prefix once, and each question once for all options", async () => {
    const { calls, model } = treeModel();
    const before = tf.memory().numTensors;
    const scores = await questionScorer({ model, params })(questions);
    expect(calls).toEqual(["prefix of 33", "trees 3x1 after it"]);
    expect(tf.memory().numTensors).toBe(before);
    inBits(scores).forEach((score, i) => {
      expect(score).toBeCloseTo(Number(bits[i]), 5);
    });
  });

  test("reads as many tokens at once as it is told", async () => {
    const { calls, model } = treeModel();
    await questionScorer({ model, params, tokensPerBatch: 2 })(questions);
    expect(calls).toEqual(["prefix of 33", "trees 2x1 after it", "trees 1x1 after it"]);
  });

  test("lets a runtime compile what the model does", async () => {
    const { calls, model } = treeModel();
    const runtime = {
      compile:
        <A extends readonly unknown[], R>(fn: (...args: A) => R, options?: { name?: string }) =>
        (...args: A) => {
          calls.push(`compiled ${options?.name}`);
          return fn(...args);
        },
    };
    await questionScorer({ model, params, runtime })(questions);
    expect(calls).toEqual([
      "compiled readPrefix",
      "prefix of 33",
      "compiled treeLosses",
      "trees 3x1 after it",
    ]);
  });

  test("stops between batches when it is told to, and frees what it has read", async () => {
    const { calls, model } = treeModel();
    const controller = new AbortController();
    const before = tf.memory().numTensors;
    const scoring = questionScorer({ model, params, tokensPerBatch: 1 })(
      questions,
      controller.signal,
    );
    controller.abort(new Error("enough")); // the first batch is being read
    await expect(scoring).rejects.toThrow("enough");
    expect(calls).toEqual(["prefix of 33", "trees 1x1 after it"]);
    expect(tf.memory().numTensors).toBe(before);
  });

  test("refuses what cannot be scored", async () => {
    const { model } = treeModel();
    const scoring = (...sequences: TokenSequence[]) =>
      questionScorer({ model, params })([{ sequences }]);
    await expect(scoring({ ids: [1, 2], scoredFrom: 2 })).rejects.toThrow(
      "[BAD_DATA] A sequence of 2 tokens has no scored token after its first one.",
    );
    await expect(scoring({ ids: Array(65).fill(0), scoredFrom: 60 })).rejects.toThrow(
      "[SHAPE_MISMATCH] bigram reads at most 64 tokens, but was given 65.",
    );
    const broken = { table: tf.fill([4, 4], Number.NaN) };
    await expect(questionScorer({ model, params: broken })(questions)).rejects.toThrow(
      "[NON_FINITE] The model's loss on a sequence of 35 tokens is not a number.",
    );
  });
});
