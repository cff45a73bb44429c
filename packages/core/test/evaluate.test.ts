import { describe, expect, test } from "vitest";
import type { AnswerMetric, Question, TargetTask } from "../src/contracts/task.js";
import { type EvaluateOptions, evaluate } from "../src/evaluate/evaluate.js";
import { predict } from "../src/evaluate/scoreAnswers.js";
import { bigramModel, bigramParams, bits } from "./support/bigramModel.js";

const params = bigramParams();

/**
 * Which token comes after `before`? The bigram model answers, among all four: 3 after 0, 0 after 1,
 * 1 after 2, 2 after 3.
 */
function question(before: number, gold: string, options = ["0", "1", "2", "3"]): Question {
  return {
    options,
    sequences: options.map((option) => ({ ids: [before, Number(option)], scoredFrom: 1 })),
    gold: [gold],
  };
}

const right = [question(0, "3"), question(1, "0"), question(2, "1"), question(3, "2")];
const wrong = [question(0, "2"), question(1, "2"), question(2, "3"), question(3, "0")];

/** A task that asks other questions under each seed's demonstrations. */
function target(
  name: string,
  asked: Readonly<Record<number, readonly Question[]>>,
  { unseenDomain = false, metric = "accuracy" as AnswerMetric } = {},
): TargetTask {
  return { name, metric, unseenDomain, questions: async (seed) => asked[seed] ?? [] };
}

const run = (targets: readonly TargetTask[], options: Partial<EvaluateOptions> = {}) =>
  evaluate({ model: bigramModel, params, targets, seeds: [1, 2], ...options });

describe("evaluate", () => {
  const near = target("near", { 1: right, 2: [...right.slice(0, 2), ...wrong.slice(0, 2)] });
  const far = target(
    "far",
    { 1: [...right.slice(0, 1), ...wrong.slice(1)], 2: wrong },
    { unseenDomain: true },
  );

  test("gives mean and worst over the seeds of each task, and their means over tasks", async () => {
    const { tasks, all, unseen } = await run([near, far]);
    expect(tasks).toMatchObject([
      { task: "near", mean: 0.75, worst: 0.5, seeds: [{ score: 1 }, { score: 0.5, seed: 2 }] },
      { task: "far", mean: 0.125, worst: 0, seeds: [{ score: 0.25, questions: 4 }, { score: 0 }] },
    ]);
    expect(all).toMatchObject({ tasks: 2, mean: 0.4375, worst: 0.25 });
    expect(unseen).toMatchObject({ tasks: 1, mean: 0.125, worst: 0 });
  });

  test("has no summary of unseen domains where there are none", async () => {
    expect(await run([near])).not.toHaveProperty("unseen");
  });

  test("scores each task by its own metric", async () => {
    // Answers 0, 0, 0, 3 to gold 0, 0, 1, 1: accuracy 1/2. F1 of 0: 2 * 2 / (3 + 2) = 4/5; F1 of 1,
    // which is never the answer: 0.
    const asked = { 1: [question(1, "0"), question(1, "0"), question(1, "1"), question(0, "1")] };
    const { tasks } = await run(
      [target("share", asked), target("labels", asked, { metric: "macro-f1" })],
      { seeds: [1] },
    );
    expect(tasks.map(({ mean }) => mean)).toEqual([0.5, 0.4]);
  });

  test("tells accuracy and the loss of the right answers beside a task's metric", async () => {
    const asked = { 1: [question(1, "0"), question(1, "1"), question(0, "1")] };
    const { tasks } = await run([target("labels", asked, { metric: "macro-f1" })], { seeds: [1] });
    const score = tasks[0]?.seeds[0];
    expect(score?.accuracy).toBeCloseTo(1 / 3, 12);
    const surprise = bits[1][0] + bits[1][1] + bits[0][1];
    expect(score?.goldLoss).toBeCloseTo((surprise * Math.LN2) / 3, 6);
  });

  test("knows what guessing scores", async () => {
    const asked = (options: string[]) => ({
      1: Array.from({ length: 40 }, () => question(0, "3", options)),
    });
    const { tasks, all } = await run(
      [
        target("four options", asked(["0", "1", "2", "3"])),
        target("two options", asked(["1", "3"])),
        target("one option", asked(["3"])),
      ],
      { seeds: [1] },
    );
    // The mean of 100 draws of 40 answers each is within 0.03 of the truth, four deviations.
    [1 / 4, 1 / 2, 1].forEach((chance, i) => {
      expect(Math.abs(Number(tasks[i]?.chance) - chance)).toBeLessThan(0.03);
    });
    expect(all.chance).toBeCloseTo(tasks.reduce((sum, { chance }) => sum + chance, 0) / 3, 12);
  });

  test("tells how far it is after each task and seed", async () => {
    const seen: string[] = [];
    await run([near, far], {
      onProgress: ({ done, total, task }) => seen.push(`${done}/${total} ${task}`),
    });
    expect(seen).toEqual(["1/4 near", "2/4 near", "3/4 far", "4/4 far"]);
  });

  test("stops when it is told to, with the signal's reason", async () => {
    const controller = new AbortController();
    const seen: number[] = [];
    const stopped = run([near, far], {
      signal: controller.signal,
      onProgress({ done }) {
        seen.push(done);
        if (done === 3) controller.abort(new Error("enough"));
      },
    });
    await expect(stopped).rejects.toThrow("enough");
    expect(seen).toEqual([1, 2, 3]);
  });

  test("refuses to evaluate on nothing", async () => {
    await expect(run([])).rejects.toThrow("[BAD_DATA] There is no task to evaluate on.");
    await expect(run([target("silent", { 1: right })])).rejects.toThrow(
      '[BAD_DATA] The task "silent" asks no question under seed 2.',
    );
  });

  test("refuses a question whose sequences are not one per option", async () => {
    const lacking = { ...question(0, "3"), options: ["0", "3"] };
    await expect(run([target("odd", { 1: [lacking] })])).rejects.toThrow(
      '[BAD_DATA] A question of the task "odd" has 2 options but 4 sequences.',
    );
  });
});

describe("predict", () => {
  const asking = (...options: string[]): Question => ({ options, sequences: [], gold: [] });

  test("takes the option of the lowest loss, question by question", () => {
    const questions = [asking("a", "b"), asking("c", "d", "e")];
    expect(predict(questions, [2, 1, 5, 3, 4])).toEqual(["b", "d"]);
  });

  test("takes the first of options that are equally likely", () => {
    expect(predict([asking("a", "b", "c")], [2, 1, 1])).toEqual(["b"]);
  });
});
