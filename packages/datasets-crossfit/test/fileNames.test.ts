import { expect, test } from "vitest";
import { parseTaskFileName, taskFileName } from "../src/data/fileNames.js";

test.each([
  ["glue-rte_16_100_train.jsonl", "glue-rte", 16, 100, "train"],
  ["quartz-with_knowledge_16_13_dev.jsonl", "quartz-with_knowledge", 16, 13, "dev"],
  ["unifiedqa:winogrande_xl_16384_100_train.jsonl", "unifiedqa:winogrande_xl", 16384, 100, "train"],
  // A task whose own name ends in numbers: only the last three pieces count.
  ["task_4_2_16_87_test.jsonl", "task_4_2", 16, 87, "test"],
])("%s is read from the right, and written again", (name, task, shots, seed, split) => {
  const parsed = parseTaskFileName(name);
  expect(parsed).toEqual({ task, shots, seed, split });
  expect(parsed && taskFileName(parsed)).toBe(name);
});

test.each([
  "README.md",
  "a_16_100_train.tsv",
  "a_16_train.jsonl",
  "a_16_100_valid.jsonl",
  "_16_1_train",
])("%s is no data file", (name) => {
  expect(parseTaskFileName(name)).toBeUndefined();
});
