import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Job } from "@metalearn/core";
import { afterEach, beforeEach, expect, test } from "vitest";
import { __factory__ } from "../src/index.js";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "__component__-"));
});
afterEach(() => rm(folder, { recursive: true }));

/** A job that runs a script of Node.js. */
const job = (name: string, script: string): Job => ({
  name,
  command: [process.execPath, "-e", script],
  log: join(folder, name, "log.txt"),
});
const logOf = ({ log }: Job) => readFile(log, "utf8").catch(() => "");

test("runs jobs in order with low priority, and goes on when one fails", async () => {
  const jobs = [
    job("bad", "console.error('no such data'); process.exit(3)"),
    { ...job("absent", ""), command: [join(folder, "nowhere")] } satisfies Job,
    job("good", "console.log(os.getPriority())"),
  ];
  const ended: string[] = [];
  const results = await __factory__({ niceness: 19 }).launch(jobs, {
    directory: folder,
    onEnd: ({ job }) => ended.push(job.name),
  });
  expect(results.map(({ failure }) => failure)).toEqual([
    "exit code 3",
    expect.stringContaining("ENOENT"),
    undefined,
  ]);
  expect(ended).toEqual(["bad", "absent", "good"]);
  expect(await Promise.all(jobs.map(logOf))).toEqual(["no such data\n", "", "19\n"]);
});

test("passes a stop on, and begins nothing after it", async () => {
  const controller = new AbortController();
  const polite =
    "process.on('SIGTERM', () => process.exit(130)); setInterval(() => {}, 100); console.log('up')";
  const jobs = [job("first", polite), job("second", "console.log('begun')")];
  const options = { directory: folder, signal: controller.signal };
  const launched = __factory__().launch(jobs, options);
  await expect.poll(() => logOf(jobs[0] as Job)).toBe("up\n");
  controller.abort();
  expect((await launched).map(({ failure }) => failure)).toEqual(["exit code 130", "not begun"]);
  expect(await logOf(jobs[1] as Job)).toBe("");
});

test("refuses a niceness that there is not", () => {
  expect(() => __factory__({ niceness: 20 })).toThrow("[BAD_OPTION] niceness:");
});
