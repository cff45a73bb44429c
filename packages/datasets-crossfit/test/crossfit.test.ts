import { describe, expect, test } from "vitest";
import { type CrossfitOptions, crossfit } from "../src/index.js";
import { writeFiles } from "./support/files.js";
import { letterTokenizer } from "./support/letters.js";

const example = (task: string) => ({ task, input: "i", output: "x", options: ["x", "y"] });
const target = (task: string) => ({
  [`config/tasks/${task}.json`]: { task_type: "classification", options: ["x", "y"] },
  [`${task}/${task}_1_13_train.jsonl`]: [example(task)],
  [`${task}/${task}_1_13_test.jsonl`]: [example(task)],
});
const training = (task: string) => ({
  [`config/tasks/${task}.json`]: { task_type: "classification", options: ["x", "y"] },
  [`${task}/${task}_16384_100_train.jsonl`]: [example(task), example(task)],
});
const setting = { train: ["a", "b"], test: ["near", "far"], unseen_domain_test: ["far"] };
const files: Readonly<Record<string, unknown>> = {
  "config/s.json": setting,
  ...training("a"),
  ...training("b"),
  ...target("near"),
  ...target("far"),
};

function open(root: string, options: Partial<CrossfitOptions> = {}) {
  return crossfit({
    root,
    setting: "s",
    tokenizer: letterTokenizer,
    shots: 1,
    cache: false,
    ...options,
  });
}

describe("the tasks of a setting", () => {
  test("are told apart: trained on, targets, unseen domain", async () => {
    const tasks = await open(writeFiles(files));
    expect(tasks.name).toBe("crossfit/s");
    expect(tasks.trainingTasks).toEqual(["a", "b"]);
    expect(tasks.targets.map(({ name, unseenDomain }) => [name, unseenDomain])).toEqual([
      ["near", false],
      ["far", true],
    ]);
  });

  test("can be limited to some targets", async () => {
    const root = writeFiles(files);
    const names = async (targets: CrossfitOptions["targets"]) =>
      (await open(root, { targets })).targets.map(({ name }) => name);
    expect(await names("unseen")).toEqual(["far"]);
    expect(await names(["near"])).toEqual(["near"]);
    expect(await names([])).toEqual([]);
    await expect(names(["nera"])).rejects.toThrow(
      '[UNKNOWN_NAME] No target of s is called "nera". Did you mean "near"? Known: near, far.',
    );
  });

  test("may ask some targets fewer questions than others", async () => {
    const rows = (task: string) => Array.from({ length: 9 }, () => example(task));
    const root = writeFiles({
      ...files,
      "near/near_1_13_test.jsonl": rows("near"),
      "far/far_1_13_test.jsonl": rows("far"),
    });
    const counts = async (maxTestExamples: CrossfitOptions["maxTestExamples"]) => {
      const { targets } = await open(root, { maxTestExamples });
      const asked = targets.flatMap((task) => ("questions" in task ? [task.questions(13)] : []));
      return (await Promise.all(asked)).map((questions) => questions.length);
    };
    expect(await counts({ "*": 2, far: 5 })).toEqual([2, 5]);
    expect(await counts({ near: 3 })).toEqual([3, 9]);
    await expect(counts({ faar: 3 })).rejects.toThrow(/No target of s is called "faar"/);
  });

  test("can be validated on others, which are then neither trained on nor targets", async () => {
    const root = writeFiles({ ...files, ...target("b"), ...target("stranger") });
    const tasks = await open(root, { devTasks: ["b", "near", "stranger"] });
    expect(tasks.trainingTasks).toEqual(["a"]);
    expect(tasks.targets.map(({ name }) => name)).toEqual(["far"]);
    expect(tasks.devTargets?.map(({ name }) => name)).toEqual(["b", "near", "stranger"]);
    expect(Object.keys(tasks.fingerprints)).toContain("stranger/stranger_1_13_test.jsonl");
    expect(Object.keys(tasks.fingerprints)).not.toContain("b/b_16384_100_train.jsonl");
    await expect(open(root, { devTasks: ["a"] })).rejects.toThrow(
      "[MISSING_FILE] For 1 shots of a,",
    );
  });

  test("have to have an unseen domain to be limited to it", async () => {
    const root = writeFiles({ ...files, "config/s.json": { ...setting, unseen_domain_test: [] } });
    await expect(open(root, { targets: "unseen" })).rejects.toThrow(
      /\[BAD_OPTION\] The setting s has no targets/,
    );
  });

  test("leave a fingerprint of every file of examples", async () => {
    const { fingerprints } = await open(writeFiles(files));
    expect(Object.keys(fingerprints).toSorted()).toEqual([
      "a/a_16384_100_train.jsonl",
      "b/b_16384_100_train.jsonl",
      "far/far_1_13_test.jsonl",
      "far/far_1_13_train.jsonl",
      "near/near_1_13_test.jsonl",
      "near/near_1_13_train.jsonl",
    ]);
    for (const hash of Object.values(fingerprints)) expect(hash).toMatch(/^[0-9a-f]{64}$/);
  });

  test("on both sides of a setting are told, and left there", async () => {
    const root = writeFiles({
      ...files,
      ...training("near"),
      "config/s.json": { ...setting, train: ["a", "near"] },
    });
    const messages: string[] = [];
    const tasks = await open(root, { notify: (message) => messages.push(message) });
    expect(messages).toEqual(["The setting s has near among its training tasks and its targets."]);
    expect(tasks.trainingTasks).toContain("near");
    expect(tasks.targets.map(({ name }) => name)).toContain("near");
  });
});

describe("missing files", () => {
  test("for training matter when training begins, and not for an evaluation", async () => {
    const { "b/b_16384_100_train.jsonl": _, ...others } = files;
    const tasks = await open(writeFiles(others));
    expect(await tasks.targets[0]?.questions(13)).toHaveLength(1);
    expect(() => tasks.sampler({ seed: 1, batchSize: 1 })).toThrow(
      /\[MISSING_FILE\] 1 of the 2 training tasks of s has no file: .*b_16384_100_train\.jsonl/,
    );
  });

  test("of another data seed are looked for by that seed", async () => {
    const tasks = await open(writeFiles(files), { dataSeed: 7 });
    expect(() => tasks.sampler({ seed: 1, batchSize: 1 })).toThrow(/a_16384_7_train\.jsonl/);
  });

  test("of a target are an error at once", async () => {
    const root = writeFiles({
      ...files,
      "config/s.json": { ...setting, test: ["lost"], unseen_domain_test: [] },
    });
    await expect(open(root)).rejects.toThrow(/\[MISSING_FILE\] .*lost cannot be read/);
  });
});

test("a setting without training tasks can be evaluated on, but not trained on", async () => {
  const root = writeFiles({ ...files, "config/s.json": { ...setting, train: [] } });
  const tasks = await open(root);
  expect(() => tasks.sampler({ seed: 1, batchSize: 1 })).toThrow(
    /\[BAD_DATA\] The setting s has no training tasks/,
  );
});

test("a training row that cannot be encoded is named with its line", async () => {
  const rows = [example("a"), { ...example("a"), output: "much too long", options: [] }];
  const root = writeFiles({
    ...files,
    "config/tasks/a.json": { task_type: "free-form", options: null },
    "a/a_16384_100_train.jsonl": rows,
  });
  const tasks = await open(root, { maxExampleTokens: 10, style: "space" });
  expect(() => tasks.sampler({ seed: 1, batchSize: 1 })).toThrow(
    /\[BAD_DATA\] .*a_16384_100_train\.jsonl:2: the answer is 6 tokens too long/,
  );
});

test.each([
  [{ shots: -1 }, /shots: expected a whole number of at least 0, got -1/],
  [{ shots: 1.5 }, /shots: expected a whole number, got 1.5/],
  [{ maxTokens: 3 }, /maxTokens: expected a whole number of at least 4/],
  [{ maxExamplesPerTask: 0 }, /maxExamplesPerTask: expected a whole number of at least 1/],
  [{ maxTestExamples: 0 }, /maxTestExamples: expected a whole number of at least 1/],
  [
    { maxTokens: 64, maxExampleTokens: 65 },
    /expected maxExampleTokens of at most maxTokens \(64\), got 65/,
  ],
])("a number out of range is a bad option: %j", async (options, problem) => {
  const opening = open(writeFiles(files), options);
  await expect(opening).rejects.toMatchObject({ code: "BAD_OPTION" });
  await expect(opening).rejects.toThrow(problem);
});
