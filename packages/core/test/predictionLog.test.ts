import { appendFile, readFile, writeFile } from "node:fs/promises";
import { temporaryFolder } from "@metalearn/test-support/temporaryFolder";
import { describe, expect, test } from "vitest";
import type { Answer } from "../src/evaluate/scoreAnswers.js";
import type { SeedScore } from "../src/evaluate/scores.js";
import { openPredictionLog, readPredictions } from "../src/run/record/predictionLog.js";

const inFolder = temporaryFolder();
const answer = (prediction: string): Answer => ({
  options: ["a", "b"],
  scores: [1 / 3, 2],
  prediction,
  gold: ["a"],
  correct: prediction === "a",
});
/** Scores of two questions each. */
const scores = (...known: readonly string[]) => ({
  find: (task: string, seed: number) =>
    known.includes(task) ? ({ seed, score: 1, questions: 2, chance: 0.5 } as SeedScore) : undefined,
});

describe("a file of predictions", () => {
  test("has a line for each question of each task and seed", async () => {
    const file = inFolder("new/predictions.jsonl");
    const log = await openPredictionLog(file, scores());
    await log.add("t", 13, [answer("a"), answer("b")]);
    expect(log.has("t", 13)).toBe(true);
    const shared = {
      task: "t",
      seed: 13,
      gold: ["a"],
      options: ["a", "b"],
      scores: [0.3333333, 2],
    };
    const lines = (await readFile(file, "utf8")).trim().split("\n");
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      { ...shared, question: 0, prediction: "a", correct: true },
      { ...shared, question: 1, prediction: "b", correct: false },
    ]);
  });

  test("keeps, when it is opened again, what was finished and no more", async () => {
    const file = inFolder("predictions.jsonl");
    const log = await openPredictionLog(file, scores());
    await log.add("done", 1, [answer("a"), answer("b")]);
    // Killed after the answers, before the score; and in the middle of a line.
    await log.add("begun", 1, [answer("a"), answer("a")]);
    await appendFile(file, '{"task":"cut","seed":1,"quest');
    const again = await openPredictionLog(file, scores("done", "cut"));
    expect([again.has("done", 1), again.has("begun", 1), again.has("cut", 1)]).toEqual([
      true,
      false,
      false,
    ]);
    await again.add("begun", 1, [answer("b"), answer("b")]);
    expect(await readPredictions(file)).toMatchObject([
      { task: "done", prediction: "a" },
      { task: "done", prediction: "b" },
      { task: "begun", prediction: "b" },
      { task: "begun", prediction: "b" },
    ]);
  });

  test("begins anew where no scores say what it holds", async () => {
    const file = inFolder("other.jsonl");
    await writeFile(file, "something else\n");
    await openPredictionLog(file);
    expect(await readFile(file, "utf8")).toBe("");
  });
});
