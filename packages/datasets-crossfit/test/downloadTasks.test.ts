import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { LocalHub } from "@metalearn/test-support/localHub";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { downloadTasks } from "../src/download/downloadTasks.js";
import { temporaryFolder, writeFiles } from "./support/files.js";

const setting = { train: ["a"], test: ["t:x"], unseen_domain_test: [] };
const row = (task: string) => `{"task":"${task}","input":"i","output":"o","options":[]}\n`;

let hub: LocalHub;
let root: string;
const messages: string[] = [];
beforeEach(async () => {
  messages.length = 0;
  hub = new LocalHub("datasets");
  // MetaICL's files as they lie on the hub: below a folder, the settings elsewhere.
  for (const name of ["16384_100_train", "16_13_test"])
    hub.files[`data/a/a_${name}.jsonl`] = Buffer.from(row("a"));
  for (const name of ["16_13_train", "16_13_dev", "16_13_test", "4_13_train", "4_13_test"]) {
    hub.files[`data/t:x/t:x_${name}.jsonl`] = Buffer.from(row("t:x"));
  }
  hub.files["data/other/other_16384_100_train.jsonl"] = Buffer.from(row("other"));
  root = writeFiles({ "config/s.json": setting });
  vi.stubEnv("HF_ENDPOINT", await hub.start());
  vi.stubEnv("HF_HUB_CACHE", temporaryFolder());
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await hub.stop();
});

const download = (more: object = {}) =>
  downloadTasks({
    ...{ root, setting: "s", repository: "you/tiny", shots: 16 },
    notify: (message) => messages.push(message),
    ...more,
  });
const requested = () => hub.requests.map((request) => request.split(" ")[0]).sort();

describe("downloading a setting's tasks", () => {
  test("gets the files that training and evaluation read, and no others", async () => {
    expect(await download()).toEqual({ files: 3, missing: [] });
    expect(requested()).toEqual([
      "a_16384_100_train.jsonl",
      "t:x_16_13_test.jsonl",
      "t:x_16_13_train.jsonl",
    ]);
    expect(await readFile(join(root, "t:x/t:x_16_13_test.jsonl"), "utf8")).toBe(row("t:x"));
    expect(messages.at(-1)).toMatch(/^The type of answers is unknown for a, t:x: copy /);
    hub.requests.length = 0;
    expect(await download()).toEqual({ files: 3, missing: [] });
    expect(hub.requests).toEqual([]);
  });

  test("resumes where it was interrupted", async () => {
    hub.files["data/a/a_16384_100_train.jsonl"] = Buffer.from(row("a").repeat(10_000));
    hub.breakAfter = 200_000;
    await expect(download()).rejects.toThrow();
    expect(existsSync(join(root, "a"))).toBe(false);
    hub.breakAfter = Number.POSITIVE_INFINITY;
    hub.requests.length = 0;
    await download();
    const [again] = hub.requests.filter((request) => request.startsWith("a_16384"));
    const [, from, to] = /(\d+)-(\d+)$/.exec(again ?? "") ?? [];
    expect(Number(from)).toBeGreaterThan(0);
    expect(Number(to)).toBe(row("a").length * 10_000 - 1);
    expect(await readFile(join(root, "a/a_16384_100_train.jsonl"), "utf8")).toBe(
      row("a").repeat(10_000),
    );
  });

  test("refuses bytes that do not have the announced hash", async () => {
    hub.corrupt = true;
    await expect(download()).rejects.toThrow(
      /^\[BAD_DATA\] The download of you\/tiny\/data\/.* is damaged/,
    );
    expect(existsSync(join(root, "a"))).toBe(false);
  });

  test("takes the setting and the types of tasks from the data set where it has them", async () => {
    hub.files["config/s.json"] = Buffer.from(JSON.stringify({ ...setting, train: ["a", "gone"] }));
    hub.files["config/tasks/a.json"] = Buffer.from('{"task_type":"free-form","options":null}');
    root = temporaryFolder();
    expect(await download()).toEqual({ files: 5, missing: ["gone"] });
    expect(existsSync(join(root, "config/tasks/a.json"))).toBe(true);
  });

  test("explains what is missing", async () => {
    await expect(download({ setting: "q" })).rejects.toThrow(
      `[MISSING_FILE] Neither you/tiny nor ${root} has config/q.json, the lists of tasks.`,
    );
    await expect(download({ repository: "you/none" })).rejects.toThrow(
      /^\[MISSING_FILE\] Cannot get "you\/none" \(revision main\) from the Hugging Face hub: .*Check the name and the network\.$/,
    );
  });

  test("refuses a data set that names files outside of its folder", async () => {
    hub.files["../../a/a_16384_100_train.jsonl"] = Buffer.from(row("a"));
    await expect(download()).rejects.toThrow(
      '[BAD_DATA] you/tiny: expected files inside of the repository, got "../../a/a_16384_100_train.jsonl"',
    );
  });
});
