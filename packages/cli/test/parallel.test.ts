import { setTimeout as sleep } from "node:timers/promises";
import { start } from "@metalearn/test-support/command";
import { emptyProject, failureOf, tinyRun } from "@metalearn/test-support/project";
import { cellsOf } from "@metalearn/test-support/scores";
import { expect, onTestFinished, test } from "vitest";
import { projectWithTasks } from "./support/projectWithTasks.js";

const hopeless = { ...tinyRun.optimizer, learningRate: 1e30, clipNorm: 1e9 };

test("a run that fails is reported, the others go on, and only it is repeated", async () => {
  const project = await projectWithTasks({
    ...tinyRun,
    compare: { runs: { bad: { optimizer: hopeless }, good: {} } },
  });
  const { code, stdout, stderr } = await project.metalearn(["compare", "--parallel", "2"]);
  expect(code).toBe(1);
  expect(cellsOf(stdout).map(([name]) => name)).toEqual(["", "good", "random answers"]);
  expect(stderr).toMatch(
    /\[RUNS_FAILED\] 1 of 2 runs failed, and is not in the report:\n- \[LAUNCH_FAILED\] bad, seed 100: exit code 1: \[NON_FINITE\] bad \(seed 100\): At meta-update 2 .*\n {2}Its log: .*bad-seed100\/log\.txt\nRun the same command again to repeat only what is missing\.\n$/,
  );
  expect(await project.read("runs/good-seed100/log.txt")).toContain("train 8/8, loss");
  expect(await project.read("runs/report.html")).toContain("good");

  const again = await project.metalearn(["compare", "--parallel", "2"]);
  expect(again.code).toBe(1);
  expect(again.stderr).toContain("1 of 2 runs is finished already.");
  expect(again.stderr).toContain("[2/2] bad, seed 100: exit code 1");
  expect(again.stdout).toBe(stdout);

  // The same, one after the other in one process.
  const inTurn = await project.metalearn(["compare"]);
  expect(inTurn.code).toBe(1);
  expect(inTurn.stderr).toMatch(/\[RUNS_FAILED\] 1 of 2 runs failed.*\n- \[NON_FINITE\] bad/);
  expect(inTurn.stdout).toBe(stdout);
});

test("a second process is refused a run that another one is working on", async () => {
  const train = { ...tinyRun.train, steps: 1_000_000, checkpointEvery: 1_000_000 };
  const project = await projectWithTasks({ ...tinyRun, train });
  const { child, finished } = start(["train"], { cwd: project.folder });
  onTestFinished(async () => {
    child.kill("SIGKILL");
    await finished;
  });
  while ((await project.read("runs/run-seed100/run.json")) === undefined) await sleep(20);
  expect(await failureOf(project, ["train"], 1)).toContain(
    `[RUN_LOCKED] ${project.path("runs/run-seed100")} is in use by process ${child.pid} on `,
  );
});

test("--resume needs a run to continue", async () => {
  const project = await emptyProject(tinyRun);
  for (const command of ["train", "compare"]) {
    expect(await failureOf(project, [command, "--resume"])).toBe(
      `[MISSING_FILE] There is nothing to resume: no run has been started in ${project.path("runs/run-seed100")}. Leave out --resume to start.\n`,
    );
  }
});

test.each([
  [
    ["--parallel", "two"],
    "error: option '-p, --parallel <count>' argument 'two' is invalid. Expected a whole number of at least 1.",
  ],
  [
    ["launcher.use=slrum"],
    '[UNKNOWN_NAME] No launcher is called "slrum". Did you mean "slurm"? Known: local, slurm.',
  ],
  [["launcher.use=slurm", "launcher.time=4"], "launcher (slurm).time: expected a string, got 4."],
])("compare %j is explained", async (args, message) => {
  const project = await emptyProject(tinyRun);
  expect(await failureOf(project, ["compare", ...args])).toContain(message);
});
