import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Question } from "@metalearn/core";
import { expect, test } from "vitest";
import { crossfit, generateTasks } from "../src/index.js";
import { temporaryFolder, writeFiles } from "./support/files.js";
import { batchTexts, letterTokenizer, textsOf } from "./support/letters.js";

const small = { trainingTasks: 6, heldOutTasks: 3, unseenTasks: 2 };

async function generated(options = {}): Promise<string> {
  const folder = temporaryFolder();
  await generateTasks(folder, { ...small, ...options });
  return folder;
}

function contents(folder: string): Record<string, string> {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  const paths = entries.filter((e) => e.isFile()).map((e) => join(e.parentPath, e.name));
  return Object.fromEntries(
    paths.map((path) => [path.slice(folder.length), readFileSync(path, "utf8")]),
  );
}

function open(root: string, shots = 16) {
  return crossfit({ root, setting: "generated", tokenizer: letterTokenizer, shots, cache: false });
}

/** Demonstrations and their answers in the sequence of a question's first option: `cat dog` and `cat`. */
function demonstrations({ sequences: [first] }: Question): { input: string; answer: string }[] {
  const blocks = (first ? textsOf(first)[0] : "").split("\n\n\n").slice(0, -1);
  return blocks.map((block) => {
    const [input = "", answer = ""] = block.split("\n");
    return { input, answer };
  });
}

test("the same options give the same files, another seed others", async () => {
  const one = contents(await generated());
  expect(contents(await generated())).toEqual(one);
  expect(contents(await generated({ seed: 1 }))).not.toEqual(one);
});

test("a generated folder has everything that training and evaluation need", async () => {
  const tasks = await open(await generated());
  expect(tasks.trainingTasks).toHaveLength(6);
  expect(tasks.targets.map(({ name, unseenDomain }) => [name, unseenDomain])).toEqual([
    ["held_out_1", false],
    ["held_out_2", false],
    ["held_out_3", false],
    ["unseen_1", true],
    ["unseen_2", true],
  ]);
  const episodes = tasks
    .sampler({ seed: 1, batchSize: 2 })
    .next({ tasks: 1, support: 0, query: 1, querySource: "same-task", unit: "mixture" });
  expect(episodes.flatMap(({ query }) => batchTexts(query))).toHaveLength(2);
  for (const seed of [100, 13, 21, 42, 87]) {
    expect(await tasks.targets[0]?.questions(seed)).toHaveLength(16);
  }
});

test("a few demonstrations reveal every answer: it has been preferred before, and the other never", async () => {
  const tasks = await open(await generated(), 2);
  for (const target of tasks.targets) {
    for (const question of await target.questions(13)) {
      const preferred = demonstrations(question).map(({ answer }) => answer);
      expect(question.options.filter((option) => preferred.includes(option))).toEqual(
        question.gold,
      );
    }
  }
});

test("no target divides its words as a training task does, so that only reading helps", async () => {
  const folder = await generated({ trainingTasks: 200, heldOutTasks: 50, seed: 3 });
  const files = Object.entries(contents(folder)).filter(([path]) => path.endsWith("_train.jsonl"));
  const preferences = files.map(([path, text]) => {
    const rows = text
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    const words = new Set(rows.flatMap(({ input }) => input.split(" ")));
    const preferred = new Set(rows.map(({ output }) => output));
    const division = [[...words].sort(), [...preferred].sort()];
    return { isTraining: path.includes("/train_"), division: JSON.stringify(division) };
  });
  const trained = preferences
    .filter(({ isTraining }) => isTraining)
    .map(({ division }) => division);
  expect(trained).toHaveLength(200);
  for (const { isTraining, division } of preferences) {
    if (!isTraining) expect(trained).not.toContain(division);
  }
});

test("the unseen domain has no word of the training tasks", async () => {
  const inputs = (group: string, files: Record<string, string>) =>
    Object.entries(files)
      .filter(([path]) => path.startsWith(`/${group}_`))
      .flatMap(([, text]) => text.trim().split("\n"))
      .flatMap((line) => (JSON.parse(line) as { input: string }).input.split(" "));
  const files = contents(await generated({ trainingTasks: 100 }));
  const seen = new Set(inputs("train", files));
  const unseen = new Set(inputs("unseen", files));
  expect(unseen.size).toBeGreaterThan(3);
  for (const word of unseen) expect(seen).not.toContain(word);
});

test("tasks can have more words and more options", async () => {
  const tasks = await open(await generated({ symbols: 9, options: 3 }), 4);
  const [question] = (await tasks.targets[0]?.questions(13)) ?? [];
  expect(question?.options).toHaveLength(3);
});

test("the folder says that its tasks are generated", async () => {
  expect(contents(await generated())["/README.md"]).toMatch(
    /^# Generated tasks\n\nThese tasks are GENERATED/,
  );
});

test("only an empty folder or an earlier generated one is written to", async () => {
  const folder = await generated();
  await expect(generateTasks(folder, small)).resolves.toBeUndefined();
  const other = writeFiles({ "config/hr_to_lr.json": {} });
  await expect(generateTasks(other, small)).rejects.toThrow(/\[BAD_OPTION\] .* holds other files/);
});

test.each([
  [{ symbols: 1 }, /symbols: expected a whole number of at least 2, got 1/],
  [{ symbols: 13 }, /symbols: expected a whole number of at most 12, got 13/],
  [{ symbols: 3, options: 4 }, /options is 4 and symbols is 3/],
  [{ options: 1 }, /options: expected a whole number of at least 2, got 1/],
  [{ rows: 0 }, /rows: expected a whole number of at least 1, got 0/],
  [{ symbols: 2, unseenTasks: 133 }, /Found no 133 different tasks of 2 out of 12 words/],
])("numbers that cannot be met are refused: %j", async (options, problem) => {
  await expect(generated(options)).rejects.toThrow(problem);
});
