import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { beforeAll, describe, expect, test } from "vitest";
import { start } from "./support/command.js";
import { type Project, projectWithTasks, tinyRun } from "./support/project.js";

const { learner: _, ...shared } = tinyRun;
const innerOptimizer = { use: "sgd", learningRate: 0.02 };
const config = {
  ...shared,
  train: { steps: 160, batchSize: 2, logEvery: 20, checkpointEvery: 5 },
  compare: {
    seeds: [1, 2],
    runs: {
      metaicl: { learner: { use: "metaicl" } },
      fomaml: { learner: { use: "fomaml", tasks: 1, innerOptimizer } },
    },
  },
};
const command = ["compare", "--parallel", "2"];
const kills = 3;

/** SHA-256 of the last parameters and moments of every run, and the scores, as far as they do not tell time. */
async function results(project: Project, out: string): Promise<Record<string, unknown>> {
  const found: Record<string, unknown> = {};
  for (const run of (await readdir(project.path(out))).filter((name) => /-seed\d$/.test(name))) {
    const last = (await readdir(project.path(out, run, "checkpoints"))).sort().at(-1) ?? "";
    for (const file of ["model/model.safetensors", "optimizer.safetensors"]) {
      const bytes = await readFile(project.path(out, run, "checkpoints", last, file));
      found[`${run}/${last}/${file}`] = createHash("sha256").update(bytes).digest("hex");
    }
    const { tasks } = await project.json<{ tasks: unknown }>(`${out}/${run}/evaluation.json`);
    found[`${run}/scores`] = tasks;
  }
  return found;
}

/** How far every run is: the number of its last checkpoint. */
async function progress(project: Project): Promise<string> {
  const runs = await readdir(project.path("runs")).catch((): string[] => []);
  const last = async (run: string) =>
    (await readdir(project.path("runs", run, "checkpoints")).catch((): string[] => [])).at(-1);
  return (await Promise.all(runs.map(last))).join();
}

/**
 * Starts the command, and kills it at a random moment after it has got further than before: itself,
 * or with all of its children at once.
 */
async function killSometime(project: Project, withChildren: boolean): Promise<boolean> {
  const before = await progress(project);
  const { child, finished } = start(command, { cwd: project.folder, detached: true });
  let isOver = false;
  void finished.then(() => {
    isOver = true;
  });
  while (!isOver && (await progress(project)) === before) await sleep(20);
  await sleep(800 * Math.random());
  if (isOver) return false;
  process.kill(withChildren ? -Number(child.pid) : Number(child.pid), "SIGKILL");
  await finished;
  return true;
}

describe("a comparison that is killed three times at random moments", () => {
  let project: Project;
  let log: string;
  const killed: boolean[] = [];
  beforeAll(async () => {
    project = await projectWithTasks(config);
    const whole = await project.metalearn(["compare", "out=whole"]); // in one process
    expect({ code: whole.code, stderr: whole.stderr }).toEqual({
      code: 0,
      stderr: expect.anything(),
    });
    for (let i = 0; i < kills; i++) killed.push(await killSometime(project, i % 2 === 1));
    const { code, stderr } = await project.metalearn([...command, "--resume"]);
    log = stderr;
    expect(code, stderr).toBe(0);
  });

  test("was killed each time, and went on each time", async () => {
    expect(killed).toEqual([true, true, true]);
    const logs = ["metaicl-seed1", "metaicl-seed2", "fomaml-seed1", "fomaml-seed2"].map((run) =>
      project.read(`runs/${run}/log.txt`),
    );
    expect((await Promise.all(logs)).join()).toContain("goes on: checkpoint of update");
    expect(log).toContain("[4/4]");
  });

  test("ends with exactly the parameters, moments and scores of one that was not", async () => {
    const whole = await results(project, "whole");
    expect(Object.keys(whole)).toHaveLength(4 * 3);
    expect(await results(project, "runs")).toEqual(whole);
  });

  test("leaves nothing half-written, and no lock", async () => {
    const files = await readdir(project.path("runs"), { recursive: true });
    expect(files.filter((name) => /\.tmp$|\.lock$|damaged/.test(name))).toEqual([]);
  });

  test("has nothing left to do", async () => {
    const { code, stderr } = await project.metalearn(command);
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr: expect.stringContaining("4 of 4 runs are finished already."),
    });
  });
});
