import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { checkConfig } from "../src/config/checkConfig.js";
import { loadConfig } from "../src/config/load.js";
import { mergeConfig, parseOverrides } from "../src/config/merge.js";
import { runsOf } from "../src/config/runsOf.js";

const minimal = { model: { use: "m" }, tasks: { use: "t" } };

describe("mergeConfig", () => {
  test("merges objects and replaces everything else", () => {
    const merged = mergeConfig({ a: { x: 1, y: [1, 2] }, b: 1 }, { a: { y: [3] }, b: 2 });
    expect(merged).toEqual({ a: { x: 1, y: [3] }, b: 2 });
  });

  test("drops the options of a component that is replaced by another", () => {
    const base = { learner: { use: "maml", innerSteps: 3 } };
    expect(mergeConfig(base, { learner: { use: "metaicl" } })).toEqual({
      learner: { use: "metaicl" },
    });
    expect(mergeConfig(base, { learner: { use: "maml", order: 1 } })).toEqual({
      learner: { use: "maml", innerSteps: 3, order: 1 },
    });
  });
});

test("null takes away what is not there, too, in a file, in runs and in components that change", () => {
  const base = {
    model: { use: "gpt2", layers: 1, weights: null },
    tasks: { use: "crossfit" },
    runtime: { use: "auto", threads: 1 },
    train: { validate: { every: 5, patience: null } },
    compare: {
      runs: { plain: { runtime: { use: "wasm", threads: null }, train: { validate: null } } },
    },
  };
  const [run] = runsOf(checkConfig(base));
  expect(run?.config.model).toEqual({ use: "gpt2", layers: 1 });
  expect(run?.config.runtime).toEqual({ use: "wasm" });
  expect(run?.config.train).not.toHaveProperty("validate");
  const { compare: _, ...alone } = base;
  expect(runsOf(checkConfig(alone))[0].config.train.validate).toEqual({ every: 5, seeds: [100] });
});

test("mergeConfig takes away what becomes null", () => {
  expect(mergeConfig({ a: 1, b: { c: 2, d: 3 } }, { a: null, b: { c: null } })).toEqual({
    b: { d: 3 },
  });
});

describe("parseOverrides", () => {
  test("reads numbers, lists and words", () => {
    expect(parseOverrides(["train.steps=5e2", "model.size=gpt2", "evaluate.seeds=[1,2]"])).toEqual({
      train: { steps: 500 },
      model: { size: "gpt2" },
      evaluate: { seeds: [1, 2] },
    });
  });

  test("reads lists and objects as a config file has them", () => {
    const args = [
      "tasks.targets=[poem_sentiment, sick]",
      "learner={ use: maml, innerOptimizer: { use: sgd, learningRate: 1e-2 } }",
      "tasks.template={input} is {output}", // no YAML: a text
    ];
    expect(parseOverrides(args)).toEqual({
      tasks: { targets: ["poem_sentiment", "sick"], template: "{input} is {output}" },
      learner: { use: "maml", innerOptimizer: { use: "sgd", learningRate: 0.01 } },
    });
  });

  test.each(["__proto__.polluted=1", "train..steps=1"])("refuses %s, which is no key", (arg) => {
    expect(() => parseOverrides([arg])).toThrow(
      `Expected key=value with a key of a config, got "${arg}".`,
    );
  });

  test("keeps null, which takes away what the config holds", () => {
    const overrides = parseOverrides(["learner.order=null", "learner=null"]);
    expect(mergeConfig({ learner: { use: "maml" } }, overrides)).toEqual({});
  });

  test("refuses an argument that changes nothing", () => {
    expect(() => parseOverrides(["train"])).toThrow(
      '[BAD_OPTION] Expected key=value, got "train".',
    );
  });
});

describe("a config", () => {
  const onlyRun = (config: object) => runsOf(checkConfig(config))[0].config;

  test("gets its defaults", () => {
    const config = onlyRun(minimal);
    expect(config.train).toMatchObject({ steps: 1000, stepUnit: "batches", batchSize: 1 });
    expect(config.evaluate.seeds).toEqual([100, 13, 21, 42, 87]);
    expect(config.runtime).toEqual({ use: "auto" });
  });

  test.each([
    [
      { train: { stpes: 3 } },
      'train: unknown key "stpes". Did you mean "steps"? Known: batchSize,',
    ],
    [{ modle: {} }, 'unknown key "modle". Did you mean "model"?'],
    [{ train: { steps: "many" } }, 'train.steps: expected a whole number, got "many".'],
    [
      { train: { hvp: "exakt" } },
      'expected "exact" or "finite-difference", got "exakt". Did you mean "exact"?',
    ],
    [{ model: { use: 3 } }, "model.use: expected a string, got 3."],
    [{ train: { batchSize: 0 } }, "train.batchSize: expected a whole number of at least 1, got 0."],
  ])("says what is wrong with %j", (change, message) => {
    expect(() => onlyRun({ ...minimal, ...change })).toThrow(message);
  });
});

describe("runsOf", () => {
  const input = {
    ...minimal,
    learner: { use: "maml", innerSteps: 3 },
    compare: {
      seeds: [1, 2],
      runs: {
        maml: {},
        metaicl: { learner: { use: "metaicl" }, train: { steps: 7 } },
      },
    },
  };

  test("gives every named run with every seed, in order", () => {
    const runs = runsOf(checkConfig(input));
    expect(runs.map(({ name, config }) => `${name} ${config.seed}`)).toEqual([
      "maml 1",
      "maml 2",
      "metaicl 1",
      "metaicl 2",
    ]);
    expect(runs[0]?.config.learner).toEqual({ use: "maml", innerSteps: 3 });
    expect(runs[2]?.config.learner).toEqual({ use: "metaicl" });
    expect(runs[2]?.config.train.steps).toBe(7);
  });

  test("lets the command line go over named runs", () => {
    const overrides = { train: { steps: 9 }, out: "elsewhere" };
    const config = checkConfig(input, { overrides });
    expect(config.out).toBe("elsewhere");
    expect(runsOf(config).map((run) => run.config.train.steps)).toEqual([9, 9, 9, 9]);
  });

  test("lets the command line change what only runs have, and take it away", () => {
    const { learner: _, ...others } = input;
    const runs = { a: { optimizer: { use: "sgd" } }, b: { optimizer: { use: "adam" } } };
    const changed = (overrides: object) =>
      runsOf(checkConfig({ ...others, compare: { runs } }, { overrides: { ...overrides } }));
    expect(changed({ optimizer: { rate: 1 } }).map(({ config }) => config.optimizer)).toEqual([
      { use: "sgd", rate: 1 },
      { use: "adam", rate: 1 },
    ]);
    for (const { config } of changed({ optimizer: null })) {
      expect(config).not.toHaveProperty("optimizer");
    }
  });

  test.each([
    ["compare.seeds", {}, {}, [1, 2]],
    ["an override, which replaces them", {}, { overrides: { seed: 7 } }, [7]],
    ["the command line, which replaces all", {}, { overrides: { seed: 7 }, seeds: [8, 9] }, [8, 9]],
    ["the run's own where there are none", { seeds: undefined }, {}, [5]],
  ])("takes seeds from %s", (_, compare, changes, seeds) => {
    const runs = { a: { seed: 5 } };
    const given = { ...minimal, seed: 3, compare: { seeds: [1, 2], runs, ...compare } };
    expect(runsOf(checkConfig(given, changes)).map(({ config }) => config.seed)).toEqual(seeds);
  });

  test("checks a run when all is known that changes it, and says where it is from", () => {
    const config = checkConfig({ ...input, train: { steps: "many" } }, {}, "a.yaml");
    const train = { steps: 5 };
    const compare = { ...input.compare, runs: { maml: { train }, metaicl: { train } } };
    expect(runsOf(checkConfig({ ...input, train: { steps: "many" }, compare }))).toHaveLength(4);
    expect(() => runsOf(config)).toThrow(
      '[BAD_CONFIG] in a.yaml, run "maml": train.steps: expected a whole number, got "many".',
    );
  });

  test("refuses a run that is asked for twice, and none at all", () => {
    expect(() => runsOf(checkConfig(minimal, { seeds: [2, 2] }))).toThrow(
      "[BAD_CONFIG] Expected runs with different names or seeds, got one twice: run, seed 2.",
    );
    expect(() => runsOf(checkConfig({ ...minimal, compare: { runs: {} } }))).toThrow(
      "[BAD_CONFIG] compare.runs: expected at least one run, got none.",
    );
  });

  test("is a single run without a comparison", () => {
    const [run, ...others] = runsOf(checkConfig({ ...minimal, seed: 5 }));
    expect(run).toMatchObject({ name: "run", config: { seed: 5 } });
    expect(others).toEqual([]);
  });

  test("names the run in which an error is", () => {
    const broken = checkConfig({ ...minimal, compare: { runs: { fast: { train: { step: 1 } } } } });
    expect(() => runsOf(broken)).toThrow(
      '[BAD_CONFIG] in the run "fast": train: unknown key "step". Did you mean "steps"?',
    );
  });
});

describe("loadConfig", () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "metalearn-config-"));
  });
  afterAll(() => rm(folder, { recursive: true }));

  const write = async (name: string, text: string) => {
    await writeFile(join(folder, name), text);
    return join(folder, name);
  };

  test.each([
    ["a.yaml", "model: { use: m }\ntasks: { use: t }\ntrain: { steps: 12 }\n"],
    ["a.json", '{ "model": { "use": "m" }, "tasks": { "use": "t" }, "train": { "steps": 12 } }'],
    ["a.mjs", 'export default { model: { use: "m" }, tasks: { use: "t" }, train: { steps: 12 } };'],
    [
      "a.ts",
      'const steps: number = 12;\nexport default { model: { use: "m" }, tasks: { use: "t" }, train: { steps } };',
    ],
  ])("reads %s", async (name, text) => {
    const { config, file } = await loadConfig(await write(name, text));
    expect(runsOf(config)[0].config.train.steps).toBe(12);
    expect(file).toBe(join(folder, name));
  });

  test("names a file that is not there", async () => {
    await expect(loadConfig(join(folder, "none.yaml"))).rejects.toThrow(
      `[MISSING_FILE] ${join(folder, "none.yaml")}: expected a config file, found none.`,
    );
  });

  test("says where broken YAML is broken", async () => {
    const path = await write("broken.yaml", "model: { use: m\ntasks: 3");
    await expect(loadConfig(path)).rejects.toThrow(/\[BAD_CONFIG\] .*broken\.yaml/s);
  });

  test.each([
    ["just text", "just text\n", '"just text"'],
    ["a list", "- model\n- tasks\n", "a list"],
  ])("refuses %s", async (_, text, got) => {
    const path = await write("shape.yaml", text);
    await expect(loadConfig(path)).rejects.toThrow(
      `[BAD_CONFIG] ${path}: expected keys and values, got ${got}.`,
    );
  });

  test("names a folder that was given for a file", async () => {
    await expect(loadConfig(folder)).rejects.toThrow(
      `${folder}: expected a config that can be parsed`,
    );
  });

  test.each(["../elsewhere", "a/b", ""])("refuses %j as a run's name", async (name) => {
    const path = await write("name.json", JSON.stringify({ compare: { runs: { [name]: {} } } }));
    await expect(loadConfig(path)).rejects.toThrow("expected a run's name of letters, digits");
  });

  test("refuses a seed that would count twice", async () => {
    const path = await write("seeds.yaml", "compare: { seeds: [1, 2, 1], runs: { a: {} } }\n");
    await expect(loadConfig(path)).rejects.toThrow(
      "compare.seeds: expected different seeds, got one twice",
    );
  });

  test("names the file in which an error is", async () => {
    const path = await write("wrong.yaml", "modle: { use: m }\ntasks: { use: t }\n");
    await expect(loadConfig(path)).rejects.toThrow(
      `[BAD_CONFIG] in ${path}: unknown key "modle". Did you mean "model"?`,
    );
  });
});
