import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { copyFile, readdir, readFile, symlink } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { start } from "@metalearn/test-support/command";
import { type Project, tinyRun } from "@metalearn/test-support/project";
import { missing, shared } from "@metalearn/test-support/shared";
import { beforeAll, describe, expect, test } from "vitest";
import { projectWithTasks } from "./support/projectWithTasks.js";

const { learner: _, ...base } = tinyRun;
const innerOptimizer = { use: "sgd", learningRate: 0.02 };

const lacking = missing("data", "metaicl");
const data = lacking ? `generated tasks (${lacking})` : "real tasks";
const settings = lacking ? ["generated", "smaller"] : ["hr_to_lr", "class_to_class"];

interface Setting {
  readonly train: readonly string[];
  readonly test: readonly string[];
}

/**
 * Writes two settings into a project's data folder; of real tasks only some, so that processes start quickly.
 */
async function writeSettings(project: Project): Promise<void> {
  if (lacking) {
    const { train, ...others } = await project.json<Setting>("data/config/generated.json");
    await project.write("data/config/smaller.json", { train: train.slice(1), ...others });
    return;
  }
  const test = ["poem_sentiment", "climate_fever"]; // targets of both
  const linked = new Set<string>();
  for (const name of settings) {
    const path = shared("data", "metaicl", "config", `${name}.json`);
    const { train } = JSON.parse(await readFile(path, "utf8")) as Setting;
    const some = train.slice(0, 6);
    await project.write(`data/config/${name}.json`, { train: some, test, unseen_domain_test: [] });
    for (const task of [...some, ...test]) linked.add(task);
  }
  for (const task of linked) {
    await symlink(shared("data", "metaicl", task), project.path("data", task));
    const file = join("config", "tasks", `${task}.json`);
    await copyFile(shared("data", "metaicl", file), project.path("data", file));
  }
}

const config = {
  ...base,
  model: { ...base.model, maxTokens: 128 },
  tasks: {
    ...{ use: "crossfit", root: "data", shots: 2, setting: settings[0] },
    ...{ maxExamplesPerTask: 16, maxTestExamples: 4 },
  },
  train: { steps: 32, batchSize: 2, logEvery: 4, checkpointEvery: 2 },
  evaluate: { seeds: [100] },
  sweep: { "tasks.setting": settings },
  compare: {
    seeds: [1, 2, 3],
    runs: {
      metaicl: { learner: { use: "metaicl" } },
      fomaml: {
        learner: {
          use: "fomaml",
          tasks: 1,
          taskUnit: "mixture",
          querySource: "other-tasks",
          innerOptimizer,
        },
      },
      "maml-en-llm": {
        learner: {
          use: "maml-en-llm",
          taskUnit: "mixture",
          innerOptimizer: { use: "adamw", learningRate: 1e-4 },
        },
      },
    },
  },
};
const runs = 3 * 2 * 3;
const command = ["compare", "--parallel", "2"];
const kills = 3;

/** SHA-256 of the last parameters and moments of every run, and the scores without their times. */
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

/**
 * Starts the command and kills it: once the given number of runs is finished, itself alone; or with all of
 * its children, once one of them has written a checkpoint after that. Returns false when it ended before.
 */
async function killAfter(
  finishedRuns: number,
  project: Project,
  withChildren: boolean,
): Promise<boolean> {
  const { child, finished } = start(command, { cwd: project.folder, detached: true });
  let isOver = false;
  const over = finished.then(() => {
    isOver = true;
  });
  const isTime = async () => {
    const { finished, inTraining } = await runsOf(project);
    return finished >= finishedRuns && (inTraining > 0 || !withChildren);
  };
  while (!isOver && !(await isTime())) await sleep(5);
  if (!withChildren) await Promise.race([over, sleep(1_000 * Math.random())]);
  if (isOver) return false;
  process.kill(withChildren ? -Number(child.pid) : Number(child.pid), "SIGKILL");
  await over;
  return true;
}

/** Number of finished runs, and of others that have a checkpoint. */
async function runsOf(project: Project): Promise<{ finished: number; inTraining: number }> {
  const names = await readdir(project.path("runs")).catch(() => []); // not written yet
  let [finished, inTraining] = [0, 0];
  for (const name of names) {
    if (existsSync(project.path("runs", name, "evaluation.json"))) finished++;
    else {
      const files = await readdir(project.path("runs", name, "checkpoints")).catch(() => []);
      if (files.some((file) => /^\d{8}$/.test(file))) inTraining++;
    }
  }
  return { finished, inTraining };
}

describe(`a sweep of 3 learners, 2 settings and 3 seeds on ${data}, killed three times at random`, () => {
  let project: Project;
  let log: string;
  const killed: boolean[] = [];
  const checkpointsAtKills: number[] = [];
  beforeAll(async () => {
    project = await projectWithTasks(config);
    await writeSettings(project);
    const whole = await project.metalearn([...command, "out=whole"]);
    expect(whole.code, whole.stderr).toBe(0);
    for (let i = 0; i < kills; i++) {
      // Early, in the middle, and long before the last run can have ended.
      const finishedRuns = 1 + 4 * i;
      killed.push(await killAfter(finishedRuns, project, i % 2 === 1));
      const files = await readdir(project.path("runs"), { recursive: true });
      checkpointsAtKills.push(files.filter((name) => /checkpoints\/\d{8}$/.test(name)).length);
    }
    const { code, stderr } = await project.metalearn([...command, "--resume"]);
    log = stderr;
    expect(code, stderr).toBe(0);
  }, 600_000);

  test("was killed each time, and resumed each time", async () => {
    expect(killed).toEqual([true, true, true]);
    expect(checkpointsAtKills.at(-1)).toBeGreaterThan(0);
    const logs = (await readdir(project.path("runs")))
      .filter((name) => /-seed\d$/.test(name))
      .map((run) => project.read(`runs/${run}/log.txt`));
    expect((await Promise.all(logs)).join()).toMatch(/resumes: checkpoint of|is already trained/);
    expect(log).toContain(`[${runs}/${runs}]`);
  });

  test("ends with exactly the parameters, moments and scores of one that was not", async () => {
    const whole = await results(project, "whole");
    expect(Object.keys(whole)).toHaveLength(runs * 3);
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
      stderr: expect.stringContaining(`${runs} of ${runs} runs are finished already.`),
    });
  });
});
