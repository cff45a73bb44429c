import { readFile, writeFile } from "node:fs/promises";
import { emptyProject, failureOf, tinyRun } from "@metalearn/test-support/project";
import { describe, expect, test } from "vitest";
import { projectWithTasks } from "./support/projectWithTasks.js";

const comparison = {
  ...tinyRun,
  learner: undefined,
  compare: { runs: { untrained: {}, metaicl: { learner: { use: "metaicl" } } } },
};

describe.concurrent("without a usable config", () => {
  test("the files that were looked for are named", async () => {
    const project = await emptyProject();
    expect(await failureOf(project, ["compare"])).toBe(
      "[MISSING_FILE] Expected a metalearn.config.yaml (or .json, .js, .ts) in this folder or above, found none. Name one with --config.\n",
    );
  });

  test("a file that --config names must be there", async () => {
    const project = await emptyProject();
    expect(await failureOf(project, ["train", "-c", "mine.yaml"])).toBe(
      `[MISSING_FILE] ${project.path("mine.yaml")}: expected a config file, found none.\n`,
    );
  });

  test("a syntax error shows its line", async () => {
    const project = await emptyProject("seed: 1\nmodel: { use: gpt2\n");
    const message = await failureOf(project, ["train"]);
    expect(message).toMatch(
      /^\[BAD_CONFIG\] .*metalearn\.config\.yaml: expected a config that can be parsed, got: /,
    );
    expect(message).toContain("2 | model: { use: gpt2\n");
  });
});

describe.concurrent("a mistake in the config", () => {
  test.each([
    [{ train: { step: 3 } }, 'train: unknown key "step". Did you mean "steps"? Known: batchSize,'],
    [
      { learner: { use: "metacl" } },
      '[UNKNOWN_NAME] in the run "run": No learner is called "metacl". Did you mean "metaicl"? Known: ',
    ],
    [
      { plugins: ["metalearn-nowhere"] },
      'Plugin "metalearn-nowhere" is not installed. Try: npm install metalearn-nowhere',
    ],
    [{ compare: { runs: {} } }, "compare.runs: expected at least one run, got none."],
  ])("%j is explained", async (change, message) => {
    const project = await emptyProject({ ...tinyRun, ...change });
    expect(await failureOf(project, ["compare"])).toContain(message);
  });

  test("in the last run is found before the first one begins", async () => {
    const { compare, ...shared } = comparison;
    const project = await projectWithTasks({
      ...shared,
      compare: { runs: { ...compare.runs, last: { learner: { use: "mamll" } } } },
    });
    expect(await failureOf(project, ["compare"])).toMatch(
      /^\[UNKNOWN_NAME\] in the run "last": No learner is called "mamll"\. Did you mean "maml"\?/,
    );
  });
});

describe.concurrent("a mistake on the command line", () => {
  test.each([
    [["train.steps"], '[BAD_OPTION] Expected key=value, got "train.steps".\n'],
    [["train.steps=many"], 'train.steps: expected a whole number, got "many".'],
    [
      ["--seeds", "1,x"],
      "error: option '--seeds <list>' argument '1,x' is invalid. Expected whole numbers, such as 1,2,3.\n",
    ],
    [
      ["--seeds", "2,2"],
      "[BAD_CONFIG] Expected runs with different names or seeds, got one twice: run, seed 2.\n",
    ],
  ])("compare %j is explained", async (args, message) => {
    const project = await emptyProject(tinyRun);
    expect(await failureOf(project, ["compare", ...args])).toContain(message);
  });

  test.each([
    [[], "[BAD_OPTION] The config has several runs. Choose one with --run: untrained, metaicl.\n"],
    [
      ["--run", "metacl"],
      '[UNKNOWN_NAME] No run is called "metacl". Did you mean "metaicl"? Known: untrained, metaicl.\n',
    ],
    [
      ["--run", "untrained"],
      '[BAD_CONFIG] The run "untrained" names no learner, so nothing trains.\n',
    ],
  ])("train %j is explained", async (args, message) => {
    const project = await emptyProject(comparison);
    expect(await failureOf(project, ["train", ...args])).toBe(message);
  });

  test("shows where it was noticed when asked to", async () => {
    const project = await emptyProject();
    expect(await failureOf(project, ["train", "--verbose"])).toMatch(/\n {4}at loadConfig \(/);
  });
});

describe("a mistake in the data", () => {
  test("is shown with file and line", async () => {
    const project = await projectWithTasks();
    const file = project.path("data/train_2/train_2_16384_100_train.jsonl");
    const lines = (await readFile(file, "utf8")).split("\n");
    await writeFile(file, lines.with(2, '{"task": "train_2", "input": ').join("\n"));
    expect(await failureOf(project, ["train"])).toContain(
      `[BAD_DATA] ${file}:3: expected a JSON object, but the line is not JSON: `,
    );
  });
});
