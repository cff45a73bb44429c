import { describe, expect, test } from "vitest";
import type { EpisodeTarget, Question, TargetTask } from "../src/contracts/task.js";
import { type AnswerStore, evaluate, evaluateBaseline } from "../src/evaluate/evaluate.js";
import type { Answer } from "../src/evaluate/scoreAnswers.js";
import { bigramModel, bigramParams } from "./support/bigramModel.js";
import { component } from "./support/plainPlugin.js";

const params = bigramParams();

/** Which token comes after `before`? `bits` of the bigram model say how surprising each is. */
function question(before: number, gold: string, options: readonly string[]): Question {
  const sequences = options.map((option) => ({ ids: [before, Number(option)], scoredFrom: 1 }));
  return { options, sequences, gold: [gold] };
}

const target = (questions: readonly Question[], more: Partial<TargetTask> = {}): TargetTask => ({
  name: "after",
  metric: "accuracy",
  unseenDomain: false,
  questions: async () => questions,
  ...more,
});

/** Collects answers. */
function collector(): { answers: Answer[]; store: AnswerStore } {
  const answers: Answer[] = [];
  return {
    answers,
    store: {
      has: () => false,
      add: async (_, __, own) => {
        answers.push(...own);
      },
    },
  };
}

const predictions = (answers: readonly Answer[]) => answers.map(({ prediction }) => prediction);

describe("answers by likelihood", () => {
  test("come with the mean loss of every option, in nats", async () => {
    const { answers, store } = collector();
    const targets = [target([question(0, "3", ["2", "3"]), question(1, "2", ["2", "0"])])];
    await evaluate({ model: bigramModel, params, targets, seeds: [1], answers: store });
    expect(answers).toMatchObject([
      { options: ["2", "3"], prediction: "3", gold: ["3"], correct: true },
      { options: ["2", "0"], prediction: "0", gold: ["2"], correct: false },
    ]);
    // After 0, the tokens 2 and 3 surprise by 2 bits and 1; after 1, the tokens 2 and 0 by 3 and 1.
    const bits = answers.flatMap(({ scores }) => scores.map((nats) => nats / Math.LN2));
    [2, 1, 3, 1].forEach((expected, i) => {
      expect(bits[i]).toBeCloseTo(expected, 5);
    });
  });
});

describe("answers by pointwise mutual information", () => {
  const asked = [question(0, "0", ["2", "0"]), question(3, "2", ["2", "0"])];
  const neutral = [question(3, "", ["2", "0"]), question(3, "", ["2", "0"])];
  const pmi = (more: Partial<TargetTask>, store?: AnswerStore) =>
    evaluate({
      model: bigramModel,
      params,
      targets: [target(asked, more)],
      seeds: [1],
      method: "pmi",
      answers: store,
    });

  test("compare each option with what the neutral question makes of it", async () => {
    const { answers, store } = collector();
    await pmi({ neutralQuestions: async () => neutral }, store);
    // After 0: 2 and 3 bits, less the 1 and 3 bits after the neutral 3: 1 and 0, so that the option
    // that is less likely by itself wins. After 3 itself: 0 and 0, of which the first is taken.
    expect(predictions(answers)).toEqual(["0", "2"]);
    const bits = answers.flatMap(({ scores }) => scores.map((nats) => nats / Math.LN2));
    [1, 0, 0, 0].forEach((expected, i) => {
      expect(bits[i]).toBeCloseTo(expected, 5);
    });
  });

  test("read the same neutral question once", async () => {
    let read = 0;
    const counting = {
      ...bigramModel,
      tokenLosses: (...args: Parameters<typeof bigramModel.tokenLosses>) => {
        read += args[1].inputIds.shape[0] as number;
        return bigramModel.tokenLosses(...args);
      },
    };
    const targets = [target(asked, { neutralQuestions: async () => neutral })];
    await evaluate({ model: counting, params, targets, seeds: [1], method: "pmi" });
    // Four sequences of two questions, and two of the one neutral question.
    expect(read).toBe(6);
  });

  test("need neutral questions, one for each question", async () => {
    await expect(pmi({})).rejects.toThrow(
      '[BAD_OPTION] The task "after" has no neutral questions, with which the method pmi compares.',
    );
    await expect(pmi({ neutralQuestions: async () => neutral.slice(1) })).rejects.toThrow(
      '[BAD_DATA] The neutral questions of the task "after" do not belong to its 2 questions.',
    );
  });
});

describe("a baseline", () => {
  const options = ["1", "2", "3"];
  const questions = Array.from({ length: 300 }, () => question(0, "2", options));

  test("gives the answer that most demonstrations of the seed show, or the first of equals", async () => {
    const { answers, store } = collector();
    const shown: Record<number, string[]> = { 1: ["3", "2", "2", "4"], 2: ["4"] };
    const demonstratedAnswers = async (seed: number) => shown[seed] ?? [];
    const targets = [target([question(0, "2", options)], { demonstratedAnswers })];
    const { all } = await evaluateBaseline("majority", { targets, seeds: [1, 2], answers: store });
    expect(predictions(answers)).toEqual(["2", "1"]);
    expect(all).toMatchObject({ mean: 0.5, worst: 0 });
  });

  test("answers at random, each option as often and every time the same", async () => {
    const runs = [collector(), collector()];
    for (const { store } of runs) {
      await evaluateBaseline("random", {
        targets: [target(questions)],
        seeds: [1],
        answers: store,
      });
    }
    const [one, other] = runs.map(({ answers }) => predictions(answers)) as [string[], string[]];
    expect(one).toEqual(other);
    // 300 draws of a third: 100, with a standard deviation of 8.
    for (const option of options) {
      expect(Math.abs(one.filter((answer) => answer === option).length - 100)).toBeLessThan(33);
    }
  });

  test("must be told what demonstrations answer, and cannot answer episodes", async () => {
    const run = (targets: readonly (TargetTask | EpisodeTarget)[]) =>
      evaluateBaseline("majority", { targets, seeds: [1] });
    await expect(run([target(questions)])).rejects.toThrow(
      '[BAD_OPTION] The task "after" does not tell what its demonstrations answer',
    );
    const episodes = component<EpisodeTarget>({ name: "curves", episodes: () => [] });
    await expect(run([episodes])).rejects.toThrow(
      '[BAD_OPTION] The method majority answers questions, but the task "curves" has episodes.',
    );
  });
});
