import { mkdtemp, readFile, rm } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import type { Job } from "@metalearn/core";
import { testLauncher } from "@metalearn/core/testing";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { parseCoreList, shareOut } from "../src/cores.js";
import { local } from "../src/index.js";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "metalearn-local-"));
});
afterEach(() => rm(folder, { recursive: true }));

/** Job that runs a Node.js script. */
const job = (name: string, script: string): Job => ({
  name,
  command: [process.execPath, "-e", script],
  log: join(folder, name, "log.txt"),
});
const logOf = ({ log }: Job) => readFile(log, "utf8");

testLauncher("local", { create: () => local({ processes: 2 }) });
testLauncher("local, one after the other", { create: () => local({ processes: 1 }) });

describe("local", () => {
  test("continues when a job fails, and reports the reason of each", async () => {
    const jobs = [
      job("good", "console.log('fine')"),
      job("bad", "console.error('no such data'); process.exit(3)"),
      job("killed", "process.kill(process.pid, 'SIGKILL')"),
      { ...job("absent", ""), command: [join(folder, "nowhere")] as const } satisfies Job,
      job("last", "console.log('fine too')"),
    ];
    const ended: string[] = [];
    const results = await local({ processes: 2 }).launch(jobs as Job[], {
      directory: folder,
      onEnd: ({ job }) => ended.push(job.name),
    });
    expect(results.map(({ job, failure }) => [job.name, failure])).toEqual([
      ["good", undefined],
      ["bad", "exit code 3"],
      ["killed", "killed by SIGKILL"],
      ["absent", expect.any(String)],
      ["last", undefined],
    ]);
    expect(ended.toSorted()).toEqual(["absent", "bad", "good", "killed", "last"]);
    expect(await logOf(jobs[1] as Job)).toBe("no such data\n");
    expect(await logOf(jobs[4] as Job)).toBe("fine too\n");
  });

  test("runs no more at a time than it may, and gives each its own cores", async () => {
    const script = `
      const [, cores] = /^Cpus_allowed_list:\\s*(.*)$/m.exec(require("fs").readFileSync("/proc/self/status", "utf8"));
      const from = Date.now();
      setTimeout(() => console.log(JSON.stringify({ cores, from, to: Date.now() })), 300);`;
    const jobs = ["a", "b", "c", "d"].map((name) => job(name, script));
    await local({ processes: 2 }).launch(jobs, { directory: folder });
    const seen = await Promise.all(
      jobs.map(
        async (job) => JSON.parse(await logOf(job)) as { cores: string; from: number; to: number },
      ),
    );
    for (const { from } of seen) {
      expect(seen.filter((other) => other.from <= from && from < other.to).length).toBeLessThan(3);
    }
    if (availableParallelism() > 1) expect(new Set(seen.map(({ cores }) => cores)).size).toBe(2);
  });

  test("passes a stop on, and begins nothing after it", async () => {
    const controller = new AbortController();
    const polite =
      "process.on('SIGTERM', () => process.exit(130)); setInterval(() => {}, 100); console.log('up')";
    const jobs = [job("first", polite), job("second", "console.log('begun')")];
    const launched = local({ processes: 1 }).launch(jobs, {
      directory: folder,
      signal: controller.signal,
    });
    while (!(await logOf(jobs[0] as Job).catch(() => "")))
      await new Promise((r) => setTimeout(r, 20));
    controller.abort();
    expect((await launched).map(({ failure }) => failure)).toEqual(["exit code 130", "not begun"]);
    expect(await logOf(jobs[1] as Job).catch(() => "")).toBe("");
  });
});

describe("cores", () => {
  test("are read as Linux lists them", () => {
    expect(parseCoreList("0-2,5,8-9")).toEqual([0, 1, 2, 5, 8, 9]);
  });

  test("are shared out as evenly as they can be", () => {
    expect(shareOut([0, 1, 2, 3, 4], 2)).toEqual([
      [0, 1],
      [2, 3, 4],
    ]);
    expect(shareOut([4, 7], 2)).toEqual([[4], [7]]);
  });

  test("serve several where there are too few", () => {
    expect(shareOut([0, 1], 4)).toEqual([[0], [0], [1], [1]]);
  });
});
