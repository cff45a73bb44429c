import { appendFile, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { temporaryFolder } from "@metalearn/test-support/temporaryFolder";
import { describe, expect, test } from "vitest";
import { checkpointName } from "../src/checkpoint/checkpoint.js";
import { checkConfig } from "../src/config/checkConfig.js";
import type { Json } from "../src/config/merge.js";
import { runsOf } from "../src/config/runsOf.js";
import type { RunConfig } from "../src/config/schema.js";
import {
  claimRunDirectory,
  type RunRecord,
  readRunRecord,
  runDirectory,
} from "../src/run/record/runDirectory.js";
import { readMetrics, rewindMetrics } from "../src/run/record/runMetrics.js";

const inFolder = temporaryFolder();
const files = () => runDirectory(inFolder("run"));

function configOf(changes: Json = {}): RunConfig {
  const base = { model: { use: "m", width: 8 }, tasks: { use: "t" } };
  return runsOf(checkConfig(base, { overrides: changes }))[0].config;
}

const record = (changes: Partial<RunRecord> = {}): RunRecord => ({
  format: 1,
  name: "maml",
  config: configOf(),
  plugins: ["@metalearn/models-gpt2"],
  updates: 10,
  engine: { name: "plain", device: "cpu", version: "1" },
  versions: { node: "20.19.0" },
  data: { "train.jsonl": "abc" },
  created: "2026-01-01T00:00:00.000Z",
  ...changes,
});

describe("claiming a run's directory", () => {
  test("writes the record of a new run", async () => {
    expect(await claimRunDirectory(files(), record())).toBe(false);
    expect(await readRunRecord(files())).toEqual(record());
  });

  test("finds the same run begun before, and keeps its record", async () => {
    await claimRunDirectory(files(), record());
    const later = record({
      created: "2027-01-01T00:00:00.000Z",
      engine: { name: "wasm", device: "cpu", version: "2" },
      versions: { node: "22.0.0" },
    });
    expect(await claimRunDirectory(files(), later)).toBe(true);
    expect(await readRunRecord(files())).toEqual(record());
  });

  test("refuses a run with another config, naming every key that differs", async () => {
    await claimRunDirectory(files(), record());
    await mkdir(join(files().checkpoints, checkpointName(5)), { recursive: true });
    const config = configOf({ model: { width: 16, heads: 2 }, train: { batchSize: 4 } });
    await expect(claimRunDirectory(files(), record({ config }))).rejects.toThrow(
      `[RUN_EXISTS] ${inFolder("run")} already holds a run that differs in model.width, model.heads, train.batchSize. Choose another folder with out=...`,
    );
    expect(await readRunRecord(files())).toEqual(record());
  });

  test("refuses a run on other data", async () => {
    await claimRunDirectory(files(), record());
    await writeFile(files().evaluation, "{}");
    const changed = record({ data: { "train.jsonl": "abd" } });
    await expect(claimRunDirectory(files(), changed)).rejects.toThrow("differs in the data files.");
  });

  test("that is evaluated otherwise drops its evaluation and keeps everything else", async () => {
    await claimRunDirectory(files(), record());
    await writeFile(files().evaluation, "{}");
    await writeFile(files().metrics, "");
    const changed = record({ config: configOf({ evaluate: { seeds: [1] } }) });
    expect(await claimRunDirectory(files(), changed)).toBe(true);
    expect((await readdir(inFolder("run"))).toSorted()).toEqual(["metrics.jsonl", "run.json"]);
    expect((await readRunRecord(files()))?.config.evaluate.seeds).toEqual([1]);
  });

  test("that is evaluated otherwise and trained otherwise drops nothing", async () => {
    await claimRunDirectory(files(), record());
    await writeFile(files().evaluation, "{}");
    const config = configOf({ evaluate: { seeds: [1] }, seed: 5 });
    await expect(claimRunDirectory(files(), record({ config }))).rejects.toThrow(
      "differs in seed.",
    );
    expect(await readFile(files().evaluation, "utf8")).toBe("{}");
  });

  test("tells of weights that are not those that the run began with, wherever they lie", async () => {
    const weights = { "/a/model.safetensors": "1".repeat(64) };
    await claimRunDirectory(files(), record({ weights }));
    const told: string[] = [];
    const claim = (sum: string, more: Partial<RunRecord> = {}) =>
      claimRunDirectory(
        files(),
        record({ weights: { "/b/model.safetensors": sum.repeat(64) }, ...more }),
        (text) => told.push(text),
      );
    expect(await claim("1")).toBe(true);
    expect(told).toEqual([]);
    expect(await claim("2", { config: configOf({ evaluate: { seeds: [1] } }) })).toBe(true);
    expect(told).toEqual([expect.stringContaining("differs): /b/model.safetensors.")]);
    expect((await readRunRecord(files()))?.weights).toEqual(weights);
  });

  test("with a record that is not JSON says so", async () => {
    await claimRunDirectory(files(), record());
    await writeFile(files().record, '{"format":1,');
    await expect(claimRunDirectory(files(), record())).rejects.toThrow(
      `[BAD_DATA] ${files().record}: expected JSON, as metalearn wrote it.`,
    );
  });
});

describe("the metrics of a run", () => {
  const lines = ['{"update":1,"loss":3}', '{"update":2,"loss":2}', '{"update":3,"loss":1}'];
  const updates = async () => (await readMetrics(inFolder("run"))).map(({ update }) => update);

  test("are none before there are any", async () => {
    expect(await updates()).toEqual([]);
  });

  test("leave out a last line that a kill cut off at any character", async () => {
    await claimRunDirectory(files(), record());
    const whole = `${lines.join("\n")}\n`;
    const begun = whole.indexOf(lines[2] as string);
    for (let end = begun; end < whole.length; end++) {
      await writeFile(files().metrics, whole.slice(0, end));
      expect(await updates()).toEqual([1, 2]);
    }
    await writeFile(files().metrics, whole);
    expect(await updates()).toEqual([1, 2, 3]);
  });

  test("go back to a checkpoint, from which new lines go on", async () => {
    await claimRunDirectory(files(), record());
    await writeFile(files().metrics, `${lines.join("\n")}\n{"update":4,"lo`);
    await rewindMetrics(files(), 2);
    await appendFile(files().metrics, '{"update":3,"loss":0.5}\n');
    expect(await readMetrics(inFolder("run"))).toEqual([
      { update: 1, loss: 3 },
      { update: 2, loss: 2 },
      { update: 3, loss: 0.5 },
    ]);
  });
});
