import { once } from "node:events";
import { readdir, readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { type CommandOptions, type Finished, start } from "@metalearn/test-support/command";
import { type Project, tinyRun } from "@metalearn/test-support/project";
import { describe, expect, test } from "vitest";
import { projectWithTasks } from "./support/projectWithTasks.js";

const checkpoints = (project: Project, run = "runs/run-seed100") =>
  readdir(project.path(run, "checkpoints")).catch((): string[] => []);

const parameters = (project: Project, checkpoint: string) =>
  readFile(project.path(checkpoint, "model/model.safetensors"));

/** Starts a command and interrupts it, as Ctrl-C does, as soon as `isTime` says so. */
async function interrupt(
  args: readonly string[],
  options: CommandOptions,
  isTime: () => Promise<boolean>,
  signal: NodeJS.Signals = "SIGINT",
): Promise<Finished> {
  const { child, finished } = start(args, options);
  const ended = once(child, "close").then(() => true);
  while (!(await Promise.race([isTime(), ended]))) await sleep(10);
  child.kill(signal);
  return finished;
}

describe("train", () => {
  test("says what it does on stderr and where the result is on stdout", async () => {
    const project = await projectWithTasks();
    const { code, stdout, stderr } = await project.metalearn(["train"]);
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout:
        "Trained. Checkpoints: runs/run-seed100/checkpoints\nNext: metalearn evaluate runs/run-seed100\n",
    });
    expect(stderr).toMatch(
      /^run, seed 100\n {2}crossfit\/generated: 6 training tasks, 3 targets; wasm .+ on cpu\n {2}train 8\/8, loss \d\.\d{4}\n$/,
    );
    expect(await checkpoints(project)).toEqual(["00000008"]);
    expect((await readdir(project.path("runs/run-seed100"))).sort()).toEqual([
      "checkpoints",
      "metrics.jsonl",
      "run.json",
    ]);
  });

  test("trains the run and the seed that the command line names", async () => {
    const project = await projectWithTasks({
      ...tinyRun,
      compare: { seeds: [1, 2], runs: { short: { train: { steps: 2 } }, long: {} } },
    });
    const { code } = await project.metalearn(["train", "-r", "short", "seed=7", "out=here"]);
    expect(code).toBe(0);
    expect(await readdir(project.path("here"))).toEqual(["short-seed7"]);
    expect(await checkpoints(project, "here/short-seed7")).toEqual(["00000002"]);
  });
});

describe("an interrupted training", () => {
  const steps = 100;
  const config = { ...tinyRun, train: { ...tinyRun.train, steps, checkpointEvery: 10 } };

  test("ends with 130, keeps a checkpoint, and resumes with the same command", async () => {
    const project = await projectWithTasks(config);
    const stopped = await interrupt(["train"], { cwd: project.folder }, async () =>
      (await checkpoints(project)).includes("00000010"),
    );
    expect({ code: stopped.code, stdout: stopped.stdout }).toEqual({ code: 130, stdout: "" });
    expect(stopped.stderr).toContain(
      "Stopping after this step. Press Ctrl-C again to stop at once.",
    );
    expect(stopped.stderr).toMatch(
      /\[INTERRUPTED\] run \(seed 100\) stopped after update \d+ of 100\. Run the same command again to resume\.\n$/,
    );
    const newest = (await checkpoints(project)).at(-1);
    expect(Number(newest)).toBeGreaterThanOrEqual(10);
    expect(Number(newest)).toBeLessThan(steps);

    // Its scores would not be those of the finished run.
    const early = await project.metalearn(["evaluate", "runs/run-seed100"]);
    expect(early.code).toBe(0);
    expect(early.stderr).toContain(
      `This run is trained to update ${Number(newest)} of 100: its scores are printed, but not written to its directory.`,
    );
    expect(early.stdout).not.toContain("Scores:");
    expect(await project.read("runs/run-seed100/evaluation.json")).toBeUndefined();

    const resumed = await project.metalearn(["train"]);
    expect(resumed.code).toBe(0);
    expect(resumed.stderr).toContain(
      `run (seed 100) resumes: checkpoint of update ${Number(newest)} of 100.`,
    );
    expect(resumed.stderr).toContain("train 100/100, loss");
    await project.metalearn(["train", "out=whole"]);
    expect(await parameters(project, "runs/run-seed100/checkpoints/00000100")).toEqual(
      await parameters(project, "whole/run-seed100/checkpoints/00000100"),
    );
  });

  test("keeps the update that it stopped after, however rare checkpoints are", async () => {
    const rare = { steps: 100_000, batchSize: 2, logEvery: 100_000, checkpointEvery: 100_000 };
    const project = await projectWithTasks({ ...tinyRun, train: rare });
    const isTime = async () => {
      const begun = (await project.read("runs/run-seed100/run.json")) !== undefined;
      if (begun) await sleep(1000); // time for some updates
      return begun;
    };
    // As when the terminal is closed.
    const stopped = await interrupt(["train"], { cwd: project.folder }, isTime, "SIGHUP");
    expect(stopped.code).toBe(130);
    const [, update = ""] = /stopped after update (\d+) of 100000\./.exec(stopped.stderr) ?? [];
    expect(Number(update)).toBeGreaterThan(0);
    expect(await checkpoints(project)).toEqual([update.padStart(8, "0")]);
  });
});
