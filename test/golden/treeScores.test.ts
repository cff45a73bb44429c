import { softPrompt } from "@metalearn/adapters";
import {
  disposeParams,
  type LanguageModel,
  type Params,
  type TokenSequence,
} from "@metalearn/core";
import {
  planReading,
  questionScorer,
  scoreSequences,
  tokenPrefix,
  tokenTree,
  treeBatch,
} from "@metalearn/core/testing";
import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, test } from "vitest";
import { engines, useEngine } from "../support/engines.js";
import { committed, readGoldenJson } from "../support/golden.js";
import { openTinyModel, tinyParams } from "../support/tiny.js";

/** Questions, and what transformers scores their sequences, each read alone and in full. */
interface Case {
  readonly questions: { readonly sequences: TokenSequence[] }[];
  readonly scores: number[];
  readonly absolute_tolerance: number;
}

const { cases, soft_prompt } = readGoldenJson<{
  readonly cases: Record<string, Case>;
  readonly soft_prompt: Case & { readonly tokens: number };
}>(committed, "trees/tree_scores.json");

/** The lengths of the prefixes that questions share, by the kinds that evaluation meets. */
const prefixes: Record<string, number[]> = {
  "with common demonstrations": [40],
  "without demonstrations": [],
  "that score the input after each label": [40],
  // 64 of 60 + 2 to 9 + 2 tokens remain: each question loses a different number.
  "truncated by different lengths": [],
  // 50 of 40 + 2 to 9 + 2, 3 or 5 tokens remain: one is lost by 9 + 2, 8 + 3 and 6 + 5, two by 9 + 3 and 7 +
  // 5, three or four by one sequence each.
  "truncated in part": [40, 39, 38],
};

const tinyModel = openTinyModel(committed);

const caseNamed = (name: string) => cases[name] as Case;

function expectScores(actual: readonly number[], { scores, absolute_tolerance }: Case): void {
  expect(actual).toHaveLength(scores.length);
  actual.forEach((score, i) => {
    expect(Math.abs(score - Number(scores[i]))).toBeLessThanOrEqual(absolute_tolerance);
  });
}

describe.each(engines)("GPT-2 on $name scores", ({ start, missing: noEngine }) => {
  if (noEngine) return test.skip(noEngine);

  const engine = useEngine({ start });

  let params: Params;
  beforeAll(async () => {
    params = await tinyParams(committed);
  });

  /** The model, with a list of the prefixes that it read. */
  function observed() {
    const read: number[] = [];
    const { readPrefix, treeLosses } = tinyModel.trees as NonNullable<LanguageModel["trees"]>;
    const model: LanguageModel = {
      ...tinyModel,
      tokenLosses: () => {
        throw new Error("a sequence was read in full");
      },
      trees: {
        readPrefix(given, prefix) {
          read.push(Number(prefix.length.dataSync()[0]));
          return readPrefix(given, prefix);
        },
        treeLosses,
      },
    };
    return { read, model };
  }

  describe.each(Object.entries(prefixes))("questions %s as transformers does", (name, expected) => {
    test("read in full", async () => {
      const sequences = caseNamed(name).questions.flatMap((question) => question.sequences);
      const scores = await scoreSequences({ model: tinyModel, params, sequences });
      expectScores(Array.from(scores), caseNamed(name));
    });

    test.each([undefined, 40])("read as trees, %s tokens at once", async (tokensPerBatch) => {
      const { read, model } = observed();
      const before = tf.memory().numTensors;
      const score = questionScorer({ model, params, tokensPerBatch });
      const scores = await score(caseNamed(name).questions);
      expect(tf.memory().numTensors).toBe(before);
      expectScores(scores, caseNamed(name));
      expect(read.sort()).toEqual([...expected].sort());
    });
  });

  test("what follows a soft prompt as transformers does, compiled where the engine can", async () => {
    const model = softPrompt(tinyModel, { tokens: soft_prompt.tokens });
    const table = params["wte.weight"] as tf.Tensor2D;
    const embeddings = tf.slice(table, [0, 0], [soft_prompt.tokens, tinyModel.config.width]);
    const prompted = { ...params, "prompt.embeddings": embeddings };
    const sequences = soft_prompt.questions.flatMap((question) => question.sequences);
    const full = await scoreSequences({ model, params: prompted, sequences });
    expectScores(Array.from(full), soft_prompt);
    const score = questionScorer({ model, params: prompted, runtime: engine() });
    expectScores(await score(soft_prompt.questions), soft_prompt);
  });

  test("what follows a prefix of a single token as transformers does", () => {
    const { readPrefix, treeLosses } = tinyModel.trees as NonNullable<LanguageModel["trees"]>;
    const state = readPrefix(params, tokenPrefix([11], 64));
    const { questions } = caseNamed("after a single token");
    const scores = questions.flatMap(({ sequences }) => {
      const tree = tokenTree(sequences, 1);
      const losses = treeLosses(params, treeBatch([tree]), state).dataSync();
      let offset = 0;
      return tree.answers.map((answers) => {
        const own = Array.from(losses.slice(offset, offset + answers.length));
        offset += answers.length;
        return own.reduce((a, b) => a + b) / own.length;
      });
    });
    expectScores(scores, caseNamed("after a single token"));
    disposeParams(state);
  });
});

test("a prefix and its options are read once, and the last tokens never", () => {
  const { questions } = caseNamed("with common demonstrations");
  const [reading] = planReading(questions.map(({ sequences }) => sequences));
  expect(reading?.prefix).toEqual(questions[0]?.sequences[0]?.ids.slice(0, 40));
  // Trunk: 2 + i query tokens and the 7 of every option; branches: 0, 1 and 3 tokens.
  expect(reading?.trees.map(({ ids }) => ids.length)).toEqual(
    Array.from({ length: 8 }, (_, i) => 3 + i + 0 + 1 + 3),
  );
});
