import { softPrompt } from "@metalearn/adapters";
import {
  disposeParams,
  type LanguageModel,
  type Params,
  questionScorer,
  randomFor,
  scoreSequences,
  type TokenSequence,
} from "@metalearn/core";
import { planReading, tokenPrefix, tokenTree, treeBatch } from "@metalearn/core/testing";
import { missing } from "@metalearn/test-support/shared";
import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, test } from "vitest";
import { engines, useEngine } from "../support/engines.js";
import { readGolden } from "../support/golden.js";
import { tinyModel, tinyParams } from "../support/tiny.js";

const reason = missing("golden/gpt2-tiny");

/** Random tokens of the tiny model's vocabulary, always the same for the same key. */
const tokens = (length: number, ...key: (string | number)[]) => {
  const random = randomFor("trees", ...key);
  return Array.from({ length }, () => random.integer(257));
};

/** A sequence of parts, of which the last is scored; what is too long loses its beginning. */
function sequence(parts: readonly number[][], maxTokens = 64): TokenSequence {
  const ids = parts.flat().slice(-maxTokens);
  return { ids, scoredFrom: ids.length - (parts.at(-1)?.length ?? 0) };
}

type Questions = { sequences: TokenSequence[] }[];

/** Questions of 2 to 9 tokens, with the first, second, ... option of 1, 2, ... tokens. */
function ask(demonstrations: number[], options: number[][], maxTokens?: number): Questions {
  return Array.from({ length: 8 }, (_, i) => ({
    sequences: options.map((option) =>
      sequence([demonstrations, tokens(2 + i, "query", i), option], maxTokens),
    ),
  }));
}

const options = [1, 2, 4].map((length) => [7, ...tokens(length, "option", length)]);
const labels = [1, 2, 3].map((length) => tokens(length, "label", length));

/** The kinds of questions that evaluation meets, and the lengths of the prefixes that they share. */
const cases: Record<string, { questions: Questions; prefixes: number[] }> = {
  "with common demonstrations": { questions: ask(tokens(40, "demos"), options), prefixes: [40] },
  "without demonstrations": { questions: ask([], options), prefixes: [] },
  "that score the input after each label": {
    questions: Array.from({ length: 8 }, (_, i) => ({
      sequences: labels.map((label) =>
        sequence([tokens(40, "demos"), label, tokens(4 + i, "query", i)]),
      ),
    })),
    prefixes: [40],
  },
  // 60 demonstration tokens, 2 + i of the query, 2 of the option: each question loses i tokens.
  "truncated by different lengths": {
    questions: ask(tokens(60, "demos"), options.slice(0, 1).concat([[7, 8]])),
    prefixes: [],
  },
  // 40 + 2 to 9 + 2, 3 or 5 tokens, of which 50 stay: one is lost by 9 + 2, 8 + 3 and 6 + 5, two
  // by 9 + 3 and 7 + 5, three or four by one sequence each.
  "truncated in part": {
    questions: ask(tokens(40, "demos"), options, 50),
    prefixes: [40, 39, 38],
  },
};

describe.each(engines)("GPT-2 on $name scores", ({ start, missing: noEngine }) => {
  const skipped = reason ?? noEngine;
  if (skipped) return test.skip(skipped);

  const engine = useEngine({ start });

  let params: Params;
  beforeAll(async () => {
    const { json } = await readGolden<{ param_order: string[] }>(
      "gpt2-tiny/forward_backward_hvp.json",
    );
    params = await tinyParams(json.param_order);
  });

  /** The model, with a list of the sizes that it read. */
  function observed() {
    const calls = { prefixes: [] as number[], trees: [] as number[][] };
    const { readPrefix, treeLosses } = tinyModel.trees as NonNullable<LanguageModel["trees"]>;
    const model: LanguageModel = {
      ...tinyModel,
      tokenLosses: () => {
        throw new Error("a sequence was read in full");
      },
      trees: {
        readPrefix(given, prefix) {
          calls.prefixes.push(Number(prefix.length.dataSync()[0]));
          return readPrefix(given, prefix);
        },
        treeLosses(given, batch, prefix) {
          calls.trees.push(batch.inputIds.shape);
          return treeLosses(given, batch, prefix);
        },
      },
    };
    return { calls, model };
  }

  test.each(Object.entries(cases))("questions %s as if read in full", async (_, expected) => {
    const { questions, prefixes } = expected;
    const { calls, model } = observed();
    const sequences = questions.flatMap((question) => question.sequences);
    const full = await scoreSequences({ model: tinyModel, params, sequences });
    for (const tokensPerBatch of [undefined, 40]) {
      const before = tf.memory().numTensors;
      const scores = await questionScorer({ model, params, tokensPerBatch })(questions);
      expect(tf.memory().numTensors).toBe(before);
      expect(scores).toHaveLength(sequences.length);
      scores.forEach((score, i) => {
        expect(Math.abs(score - Number(full[i]))).toBeLessThan(1e-5);
      });
    }
    expect(calls.prefixes.sort()).toEqual([...prefixes, ...prefixes].sort());
  });

  test("what follows a soft prompt as if read in full, compiled where the engine can", async () => {
    const model = softPrompt(tinyModel, { tokens: 8 });
    const embeddings = tf.slice(params["wte.weight"] as tf.Tensor2D, [0, 0], [8, 32]);
    const prompted = { ...params, "prompt.embeddings": embeddings };
    const { questions } = cases["with common demonstrations"] as { questions: Questions };
    const sequences = questions.flatMap((question) => question.sequences);
    const full = await scoreSequences({ model, params: prompted, sequences });
    const scorer = questionScorer({ model, params: prompted, runtime: engine() });
    const scores = await scorer(questions);
    const unprompted = await scoreSequences({ model: tinyModel, params, sequences });
    scores.forEach((score, i) => {
      expect(Math.abs(score - Number(full[i]))).toBeLessThan(1e-5);
      expect(Math.abs(score - Number(unprompted[i]))).toBeGreaterThan(1e-4);
    });
  });

  test("what follows a prefix of a single token", async () => {
    const { sequences } = ask([11], options)[3] as Questions[number];
    const full = await scoreSequences({ model: tinyModel, params, sequences });
    const { readPrefix, treeLosses } = tinyModel.trees as NonNullable<LanguageModel["trees"]>;
    const state = readPrefix(params, tokenPrefix([11], 64));
    const tree = tokenTree(sequences, 1);
    const losses = treeLosses(params, treeBatch([tree]), state).dataSync();
    let offset = 0;
    tree.answers.forEach((answers, i) => {
      const own = Array.from(losses.slice(offset, offset + answers.length));
      const mean = own.reduce((a, b) => a + b) / own.length;
      expect(Math.abs(mean - Number(full[i]))).toBeLessThan(1e-5);
      offset += answers.length;
    });
    disposeParams(state);
  });
});

test("a prefix and its options are read once, and the last tokens never", () => {
  const { questions } = cases["with common demonstrations"] as { questions: Questions };
  const [reading] = planReading(questions.map(({ sequences }) => sequences));
  expect(reading?.prefix).toEqual(tokens(40, "demos"));
  // Trunk: 2 + i query tokens and the 7 of every option; branches: 0, 1 and 3 tokens.
  expect(reading?.trees.map(({ ids }) => ids.length)).toEqual(
    Array.from({ length: 8 }, (_, i) => 3 + i + 0 + 1 + 3),
  );
});
