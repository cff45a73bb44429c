import { expect, test } from "vitest";
import type { Question } from "../src/contracts/task.js";
import { cutCounter, cutMessages } from "../src/evaluate/cutQuestions.js";
import { requireMemory } from "../src/evaluate/requireMemory.js";

const limits = ["maxExampleTokens", "maxTokens"];
const whole: Question = { options: [], sequences: [], gold: [] };
const cutTo = (kept: number, of: number): Question => ({
  ...whole,
  cut: { input: { kept, of }, limits },
});

test("the parts of a question that are cut are told, with the options that limit them", () => {
  const cut = { input: { kept: 4, of: 9 }, demonstrations: { kept: 2, of: 30 }, limits };
  expect(cutMessages(cut, { name: "tiny", maxTokens: 64 })).toEqual([
    "The question was cut: its first 4 of 9 tokens are read. The limit is that of tasks.maxExampleTokens and tasks.maxTokens; tiny reads up to 64 tokens.",
    "The demonstrations were cut: 2 of 30 tokens are read, of the last ones. The limit is that of tasks.maxExampleTokens and tasks.maxTokens; tiny reads up to 64 tokens.",
  ]);
});

test("an evaluation tells in one line how many inputs were cut, whatever the number of seeds", () => {
  const counter = cutCounter();
  counter.add("whole", [whole]);
  expect(counter.message()).toBeUndefined();
  for (let seed = 0; seed < 2; seed++) counter.add("long", [cutTo(4, 9), whole, cutTo(3, 20)]);
  expect(counter.message()).toBe(
    "2 of 4 questions were cut (long): of the longest, the first 3 of 20 tokens are read. The limit is that of tasks.maxExampleTokens and tasks.maxTokens.",
  );
});

test("a question that needs more memory than there is free is refused on a CPU", () => {
  const sequences = [{ ids: new Array<number>(1000).fill(1), scoredFrom: 999 }];
  const model = { name: "tiny", bytesPerToken: (context: number) => 1000 * context };
  const cpu = { device: "cpu" };
  // 1000 tokens of 1000 * 1000 bytes are 1 GB.
  expect(() => requireMemory({ sequences }, { model, runtime: cpu, free: 1e9 })).not.toThrow();
  expect(() => requireMemory({ sequences }, { model, runtime: cpu, free: 5e8 })).toThrow(
    "[BAD_DATA] The question and its demonstrations have 1000 tokens, for which tiny needs about 1.0 GB of memory, but 0.5 GB are free. Shorten them, or have them cut: tasks.maxTokens=256 tasks.maxExampleTokens=256.",
  );
  const cuda = { device: "cuda:0" };
  expect(() => requireMemory({ sequences }, { model, runtime: cuda, free: 1 })).not.toThrow();
});
