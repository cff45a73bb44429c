import type { DataCheck } from "@metalearn/core";
import { describe, expect, test } from "vitest";
import { type CrossfitOptions, crossfit } from "../src/index.js";
import { writeFiles } from "./support/files.js";
import { letterTokenizer } from "./support/letters.js";

const labels = ["x", "y"];
const classification = { task_type: "classification", options: labels };
const row = (task: string, input: string, output = "x") => ({
  task,
  input,
  output,
  options: labels,
});

async function check(
  files: Readonly<Record<string, unknown>>,
  options: Partial<CrossfitOptions> = {},
): Promise<DataCheck> {
  const tasks = await crossfit({
    root: writeFiles({
      "config/s.json": { train: ["a"], test: ["t"], unseen_domain_test: [] },
      "config/tasks/a.json": classification,
      "config/tasks/t.json": classification,
      "a/a_16384_100_train.jsonl": [row("a", "one"), row("a", "two", "y")],
      "t/t_2_13_train.jsonl": [row("t", "three"), row("t", "four", "y")],
      "t/t_2_13_test.jsonl": [row("t", "five"), row("t", "six", "y")],
      ...files,
    }),
    setting: "s",
    tokenizer: letterTokenizer,
    style: "space",
    shots: 2,
    ...options,
  });
  return (await tasks.check?.()) as DataCheck;
}

const messages = ({ findings }: DataCheck) =>
  findings.map(({ severity, tasks, message }) => `${severity} ${tasks[0]}: ${message}`);

describe("a check of the data", () => {
  test("finds nothing where nothing is wrong, and counts", async () => {
    const { tasks, findings } = await check({});
    expect(findings).toEqual([]);
    // " one x" and " two y" are 6 letters; " five x" 7 and " six y" 6.
    expect(tasks).toEqual([
      {
        ...{ task: "a", use: "train", rows: 2, duplicates: 0, labels: { x: 1, y: 1 } },
        ...{ meanTokens: 6, cutExamples: 0 },
      },
      {
        ...{ task: "t", use: "target", rows: 2, duplicates: 0, labels: { x: 1, y: 1 } },
        ...{ meanTokens: 6.5, cutExamples: 0, cutQuestions: 0 },
      },
    ]);
  });

  test("finds test inputs among training rows, however they are punctuated", async () => {
    const found = await check({
      "a/a_16384_100_train.jsonl": [row("a", "FIVE!", "y"), row("a", "two"), row("a", "2", "y")],
    });
    expect(messages(found)).toEqual([
      "warning t: 1 of its 2 different test inputs is among the training rows of a",
    ]);
  });

  test("finds test inputs among demonstrations, and tasks on both sides", async () => {
    const found = await check({
      "config/s.json": { train: ["t"], test: ["t"], unseen_domain_test: [] },
      "t/t_16384_100_train.jsonl": [row("t", "seven"), row("t", "eight", "y")],
      "t/t_2_13_train.jsonl": [row("t", "five"), row("t", "four", "y")],
    });
    expect(messages(found)).toEqual([
      "warning t: is both a training task and a target",
      "warning t: test inputs are among its demonstrations: 1 under seed 13",
    ]);
  });

  test("finds rows that repeat and contradict, and labels that are rare, absent or not shown", async () => {
    const found = await check({
      "a/a_16384_100_train.jsonl": Array.from({ length: 9 }, () => row("a", "one")).concat([
        row("a", "one", "y"),
      ]),
      "t/t_2_13_train.jsonl": [row("t", "three"), row("t", "four")],
      "t/t_2_13_test.jsonl": [row("t", "five", "y"), row("t", "six", "y")],
    });
    expect(messages(found)).toEqual([
      "info a: training rows that repeat an earlier one: 8 of 10",
      "info a: inputs of its training rows that have different answers: 1",
      "info a: 90 % of its training rows have the answer x",
      "info t: no test row has the answer x",
      "info t: 100 % of its test rows have the answer y",
      "info t: of its 1 label the demonstrations do not show 1 under seed 13",
    ]);
  });

  test("measures what is cut", async () => {
    // Room for 10 letters of an example, and 20 of a question with its demonstrations.
    const long = row("t", "a long one");
    const found = await check(
      {
        "a/a_16384_100_train.jsonl": [
          row("a", "one"),
          row("a", "two", "y"),
          row("a", "some long one"),
        ],
        "t/t_2_13_test.jsonl": [row("t", "five"), long, row("t", "six", "y"), row("t", "7", "y")],
      },
      { maxExampleTokens: 12, maxTokens: 20 },
    );
    // " three x" and " four y" leave 5 letters: only " 7 y" fits beside them.
    expect(messages(found)).toEqual([
      "info a: 33 % of its training examples lose a part",
      "info t: 25 % of its test inputs lose a part",
      "info t: 75 % of its questions lose a part of their demonstrations",
    ]);
  });

  test("warns where every question loses demonstrations, and says what to change", async () => {
    const questions = { "t/t_2_13_test.jsonl": [row("t", "five"), row("t", "six", "y")] };
    // " three x" and " four y" are 15 letters.
    expect(messages(await check(questions, { maxExampleTokens: 12, maxTokens: 18 }))).toEqual([
      "warning t: every question loses a part of its demonstrations: 2 take up to 15 tokens, and there is room for 18 with the question. Lower tasks.shots, or raise tasks.maxTokens, as far as the model reads",
    ]);
    // Of 9 tokens of an example 2 stay free, so that " three x" loses a letter.
    expect(messages(await check(questions, { maxExampleTokens: 9, maxTokens: 30 }))).toEqual([
      "warning t: every question loses a part of its demonstrations: 2 take up to 14 tokens, and there is room for 18 with the question. Lower tasks.shots, or raise tasks.maxExampleTokens",
    ]);
  });

  test("reports training files that do not exist", async () => {
    const found = await check({
      "config/s.json": { train: ["a", "b"], test: ["t"], unseen_domain_test: [] },
    });
    expect(found.findings).toMatchObject([{ topic: "missing", severity: "warning" }]);
    expect(found.findings[0]?.message).toMatch(
      /^1 training file of s does not exist: .*b_16384_100_train\.jsonl$/,
    );
  });
});
