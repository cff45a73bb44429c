import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Job } from "@metalearn/core";
import { testLauncher } from "@metalearn/core/testing";
import { type SingleNode, startSingleNode, whyNoSlurm } from "@metalearn/test-support/singleNode";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { slurm } from "../src/index.js";
import { cancel, taskStates } from "../src/queue.js";

const reason = whyNoSlurm();

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "metalearn-slurm-jobs-"));
});
afterEach(() => rm(folder, { recursive: true }));

const job = (name: string, script: string): Job => ({
  name,
  command: ["/bin/sh", "-c", script],
  log: join(folder, name, "log.txt"),
});
const logOf = ({ log }: Job) => readFile(log, "utf8").catch(() => "");

describe.skipIf(reason !== undefined)(
  `on a Slurm of one node${reason ? ` (${reason})` : ""}`,
  () => {
    let node: SingleNode;
    beforeAll(async () => {
      node = await startSingleNode();
      for (const [name, value] of Object.entries(node.env)) vi.stubEnv(name, value);
    });
    afterAll(async () => {
      vi.unstubAllEnvs();
      await node?.stop();
    });

    const launcher = slurm({ cpusPerTask: 1, pollSeconds: 0.3, setup: ["export GREETING=hello"] });

    testLauncher("keeps the promises of a launcher", {
      create: () => slurm({ cpusPerTask: 1, pollSeconds: 0.3 }),
    });

    test("an array carries out jobs, and continues when one fails", async () => {
      const jobs = [
        job("first", 'echo "$GREETING from task $SLURM_ARRAY_TASK_ID"'),
        job("it's bad", "echo 'no such data' >&2; exit 3"),
        job("last", "echo fine"),
      ];
      const begun: string[] = [];
      const results = await launcher.launch(jobs, {
        directory: folder,
        onBegin: ({ name }) => begun.push(name),
      });
      expect(results.map(({ job, failure }) => [job.name, failure])).toEqual([
        ["first", undefined],
        ["it's bad", "exit code 3"],
        ["last", undefined],
      ]);
      expect(await Promise.all(jobs.map(logOf))).toEqual([
        "hello from task 0\n",
        "no such data\n",
        "fine\n",
      ]);
    });

    test("a task that somebody cancels has failed by that name", async () => {
      const jobs = [job("endless", "sleep 600")];
      const launched = launcher.launch(jobs, { directory: folder });
      const array = await submitted();
      while ((await taskStates(array)).get(0) !== "RUNNING") await sleep(200);
      await cancel(array);
      expect((await launched)[0]?.failure).toBe("CANCELLED");
    });

    test("jobs that are waited for no longer are found again, and not submitted twice", async () => {
      const jobs = [job("slow", "echo begun; sleep 2; echo done")];
      const first = launcher.launch(jobs, { directory: folder });
      const array = await submitted();
      const second = await launcher.launch(jobs, { directory: folder });
      expect(second[0]?.failure).toBeUndefined();
      expect(await submitted()).toBe(array);
      expect(await logOf(jobs[0] as Job)).toBe("begun\ndone\n");
      await first;
    });

    test("a stop ends them politely", async () => {
      const controller = new AbortController();
      const jobs = [
        job("polite", "trap 'echo stopped; exit 130' TERM; echo up; while :; do sleep 0.1; done"),
      ];
      const launched = launcher.launch(jobs, { directory: folder, signal: controller.signal });
      while ((await logOf(jobs[0] as Job)) !== "up\n") await sleep(100);
      controller.abort();
      expect((await launched)[0]?.failure).toBeDefined();
      expect(await logOf(jobs[0] as Job)).toMatch(/^up\n(Terminated\n)?stopped\n$/);
    });

    test("what sbatch does not understand is told in its words", async () => {
      const wrong = slurm({ partition: "nowhere" }).launch([job("any", "true")], {
        directory: folder,
      });
      await expect(wrong).rejects.toThrow(
        /^\[LAUNCH_FAILED\] launcher \(slurm\): sbatch failed: .*invalid partition specified: nowhere/,
      );
    });

    /** Number of the submitted array. */
    async function submitted(): Promise<string> {
      for (;;) {
        const text = await readFile(join(folder, "submission.json"), "utf8").catch(() => "");
        if (text) return (JSON.parse(text) as { array: string }).array;
        await sleep(50);
      }
    }
  },
);

test("where there is no Slurm, that is said", async () => {
  vi.stubEnv("PATH", folder);
  const launched = slurm().launch([job("any", "true")], { directory: folder });
  await expect(launched).rejects.toThrow(
    '[LAUNCH_FAILED] launcher (slurm): sbatch is not installed here. Run this on a machine from which Slurm takes jobs, or use the launcher "local".',
  );
  vi.unstubAllEnvs();
});
