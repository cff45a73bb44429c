import { mkdir } from "node:fs/promises";
import type { Finished } from "@metalearn/test-support/command";
import { emptyProject, type Project, tinyRun } from "@metalearn/test-support/project";
import { beforeAll, describe, expect, test } from "vitest";
import { runAll } from "./support/manyCommands.js";

const grid = {
  ...tinyRun,
  sweep: { "optimizer.learningRate": [0.1, 0.2] },
  compare: { seeds: [1, 2], runs: { untrained: { learner: null }, metaicl: {} } },
};

const commands = {
  check: ["config", "check"],
  "check a launcher": ["config", "check", "launcher.use=slurm", "launcher.partitoin=long"],
  "check mistakes": ["config", "check", "-c", "mistakes.yaml"],
  show: ["config", "show", "--run", "metaicl,learningRate=0.2", "train.steps=3"],
  "show an unknown run": ["config", "show", "--run", "metaicl,learningRate=0.3"],
  schema: ["config", "schema"],
  "schema of listed plugins": ["config", "schema", "-c", "few.yaml"],
  init: ["init", "fresh/metalearn.config.yaml"],
  "init again": ["init", "fresh/metalearn.config.yaml"],
  "init from an unknown preset": ["init", "other.yaml", "--preset", "metaicl"],
  "check what init wrote": ["config", "check", "-c", "fresh/metalearn.config.yaml"],
  "show the paper of MetaICL": ["config", "show", "-c", "metaicl.yaml", "--run", "metaicl"],
  "show the paper of MAML-en-LLM": ["config", "show", "-c", "maml.yaml"],
} as const;

let project: Project;
let results: Record<keyof typeof commands, Finished>;
beforeAll(async () => {
  project = await emptyProject(grid);
  await mkdir(project.path("fresh"));
  await project.write("few.yaml", { ...tinyRun, plugins: ["@metalearn/optimizers"] });
  await project.write("metaicl.yaml", { extends: "preset:metaicl-paper" });
  await project.write("maml.yaml", { extends: "preset:maml-en-llm-paper" });
  await project.write("mistakes.yaml", {
    ...tinyRun,
    compare: { runs: { a: { learner: { use: "maml" } }, b: { optimizer: { beta3: 1 } } } },
  });
  const lines = Object.values(commands).map((args) => ({ cwd: project.folder, args }));
  const finished = await runAll(lines);
  results = Object.fromEntries(
    Object.keys(commands).map((name, i) => [name, finished[i]]),
  ) as typeof results;
});

const json = (name: keyof typeof commands) => {
  expect(results[name]).toMatchObject({ code: 0, stderr: "" });
  return JSON.parse(results[name].stdout);
};

describe("config check", () => {
  test("names the runs of a config that is right", () => {
    expect(results.check).toEqual({
      code: 0,
      stderr: "",
      stdout: `metalearn.config.yaml is valid. Its 8 runs:
  untrained,learningRate=0.1-seed1
  untrained,learningRate=0.1-seed2
  untrained,learningRate=0.2-seed1
  untrained,learningRate=0.2-seed2
  metaicl,learningRate=0.1-seed1
  metaicl,learningRate=0.1-seed2
  metaicl,learningRate=0.2-seed1
  metaicl,learningRate=0.2-seed2
`,
    });
  });

  test("tells the mistakes of all runs at once", () => {
    const { code, stdout, stderr } = results["check mistakes"];
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toMatch(
      /in the run "a": learner \(maml\)\.innerOptimizer: expected an optimizer, e\.g\. \{ use: sgd, learningRate: 0\.01 \}, got nothing\.\nin the run "b": optimizer \(adamw\): unknown key "beta3"\. Did you mean "beta1"\?/,
    );
  });
});

test("config check finds mistakes in a launcher", () => {
  const { code, stdout, stderr } = results["check a launcher"];
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  expect(stderr).toContain('unknown key "partitoin". Did you mean "partition"?');
});

describe("config show", () => {
  test("prints a run in full, with its point of the grid, overrides and defaults", () => {
    const shown = json("show");
    expect(Object.keys(shown)).toEqual([
      "metaicl,learningRate=0.2-seed1",
      "metaicl,learningRate=0.2-seed2",
    ]);
    expect(shown["metaicl,learningRate=0.2-seed2"]).toMatchObject({
      seed: 2,
      learner: { use: "metaicl", batches: 1, taskUnit: "mixture" },
      optimizer: { use: "adamw", learningRate: 0.2, beta1: 0.9 },
      train: { steps: 3, checkpointEvery: 200 },
    });
  });

  test("knows the runs by name", () => {
    expect(results["show an unknown run"]).toMatchObject({ code: 2, stdout: "" });
    expect(results["show an unknown run"].stderr).toContain(
      'No run is called "metaicl,learningRate=0.3". Did you mean "metaicl,learningRate=0.1"?',
    );
  });
});

describe("config schema", () => {
  test("describes the components of all official plugins", () => {
    const { learner, model } = json("schema").$defs;
    expect(learner.properties.use.enum).toContain("maml-en-llm");
    expect(model.properties.use.enum).toEqual(["auto", "gpt2", "llama", "mlp"]);
  });

  test("describes launchers, whichever plugins a config lists", () => {
    for (const name of ["schema", "schema of listed plugins"] as const) {
      expect(json(name).$defs.launcher.properties.use.enum).toEqual(["local", "slurm"]);
    }
  });

  test("describes those of the plugins that a config lists", () => {
    const { learner, optimizer } = json("schema of listed plugins").$defs;
    expect(learner.type).toBe("null"); // there is none
    expect(optimizer.properties.use.enum).toEqual(["adam", "adamw", "sgd"]);
  });
});

describe("init", () => {
  test("writes a config with comments that is right", async () => {
    expect(results.init).toMatchObject({ code: 0, stderr: "" });
    const text = await project.read("fresh/metalearn.config.yaml");
    expect(text).toMatch(/^# yaml-language-server: /);
    expect(results["check what init wrote"]).toMatchObject({ code: 0, stderr: "" });
  });

  test("leaves a file that is there as it is", () => {
    expect(results["init again"]).toEqual({
      code: 2,
      stdout: "",
      stderr: "[BAD_OPTION] fresh/metalearn.config.yaml exists already. Name another file.\n",
    });
  });

  test("knows the presets by name", async () => {
    expect(results["init from an unknown preset"]).toMatchObject({ code: 2, stdout: "" });
    expect(results["init from an unknown preset"].stderr).toContain(
      'No preset is called "metaicl". Known: maml-en-llm-paper, metaicl-paper, quickstart.',
    );
    expect(await project.read("other.yaml")).toBeUndefined();
  });
});

describe("the presets of papers", () => {
  test("metaicl-paper has what the released models were trained with", () => {
    const { "metaicl-seed1": run } = json("show the paper of MetaICL");
    // 30,000 steps of 8 sequences of up to 1024 tokens; the learning rate falls from 1e-5 to 0
    expect(run).toMatchObject({
      model: { weights: "openai-community/gpt2-large" },
      tasks: { setting: "hr_to_lr", shots: 16, maxTokens: 1024, maxExampleTokens: 256 },
      optimizer: { learningRate: 1e-5, beta2: 0.995, schedule: "linear", clipNorm: 1 },
      train: { steps: 30_000, batchSize: 8 },
      evaluate: { seeds: [100, 13, 21, 42, 87] },
    });
  });

  test("maml-en-llm-paper has MAML-2-1 and MAML-2-4 beside MetaICL, direct and channel", () => {
    const runs = json("show the paper of MAML-en-LLM");
    expect(Object.keys(runs)).toEqual([
      "metaicl-seed100",
      "maml-2-1-seed100",
      "maml-2-4-seed100",
      "channel-metaicl-seed100",
      "channel-maml-2-1-seed100",
      "channel-maml-2-4-seed100",
    ]);
    const { optimizer, learner, train, model } = runs["channel-maml-2-4-seed100"];
    expect(model.weights).toBe("openai-community/gpt2-medium");
    expect(learner).toMatchObject({ tasks: 4, size: 1, order: 2, moments: "shared" });
    // section 4.3: the same optimizer, with the same hyper-parameters, in both loops
    for (const key of ["use", "learningRate", "beta1", "beta2", "weightDecay", "epsilon"]) {
      expect(learner.innerOptimizer[key]).toBe(optimizer[key]);
    }
    expect(train).toMatchObject({ steps: 50_000, stepUnit: "batches", batchSize: 1 });
  });
});
