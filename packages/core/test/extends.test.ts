import { mkdir, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { temporaryFolder } from "@metalearn/test-support/temporaryFolder";
import { describe, expect, test } from "vitest";
import { loadConfig } from "../src/config/load.js";
import { runsOf } from "../src/config/runsOf.js";

const inFolder = temporaryFolder();

async function write(files: Readonly<Record<string, unknown>>): Promise<void> {
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(inFolder(name)), { recursive: true });
    await writeFile(inFolder(name), JSON.stringify(content)); // JSON is YAML
  }
}

const load = async (name: string, overrides = {}) =>
  (await loadConfig(inFolder(name), { overrides, presets: inFolder("presets") })).config;

const base = {
  model: { use: "m" },
  tasks: { use: "t", shots: 16 },
  train: { steps: 5, batchSize: 2 },
  sweep: { "train.steps": [1, 2] },
  compare: { runs: { a: {}, b: {} } },
};

describe("a config that extends others", () => {
  test("is laid over them, the later over the earlier, and the command line over all", async () => {
    await write({
      "shared/base.yaml": base,
      "shared/longer.json": { extends: "base.yaml", train: { steps: 50 } },
      "presets/wide.yaml": { model: { width: 9 }, train: { steps: 7 } },
      "mine.yaml": { extends: ["shared/longer.json", "preset:wide"], train: { logEvery: 1 } },
    });
    const config = await load("mine.yaml", { train: { batchSize: 3 } });
    const [run] = runsOf({ ...config, sweep: {} });
    expect(run.config.model).toEqual({ use: "m", width: 9 });
    expect(run.config.train).toMatchObject({ steps: 7, batchSize: 3, logEvery: 1 });
    expect(config.compare?.runs).toEqual({ a: {}, b: {} });
  });

  test("changes values of a grid, and takes runs and other keys away with null", async () => {
    await write({
      "base.yaml": base,
      "mine.yaml": {
        $schema: "./metalearn.schema.json",
        extends: "./base.yaml",
        sweep: { train: { steps: [3] } },
        tasks: { shots: null },
        compare: { runs: { a: null } },
      },
    });
    const config = await load("mine.yaml");
    expect(config.sweep).toEqual({ train: { steps: [3] } });
    expect(runsOf(config)[0].config.tasks).toEqual({ use: "t" });
    expect(config.compare?.runs).toEqual({ b: {} });
  });

  test.each([
    [{ extends: "none.yaml" }, "none.yaml: expected a config file, found none."],
    [{ extends: "" }, "mine.yaml: extends: expected a file, preset:name, or a list of them"],
    [
      { extends: "preset:wied" },
      '[UNKNOWN_NAME] No preset is called "wied". Did you mean "wide"? Known: wide.',
    ],
    [{ extends: "list.yaml" }, "list.yaml: expected keys and values, got a list."],
    [{ extends: "there.yaml" }, "extends: expected other config files, got a circle: "],
  ])("refuses %j", async (mine, message) => {
    await write({
      "mine.yaml": mine,
      "list.yaml": [1],
      "there.yaml": { extends: "back.yaml" },
      "back.yaml": { extends: "there.yaml" },
      "presets/wide.yaml": {},
    });
    await expect(load("mine.yaml")).rejects.toThrow(message);
  });

  test("cannot be changed on the command line to extend another", async () => {
    await write({ "mine.yaml": base });
    await expect(load("mine.yaml", { extends: "other.yaml" })).rejects.toThrow(
      "[BAD_OPTION] extends: expected in a config file, got an override.",
    );
  });
});
