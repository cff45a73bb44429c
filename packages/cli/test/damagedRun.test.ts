import { appendFile } from "node:fs/promises";
import { tinyRun } from "@metalearn/test-support/project";
import { expect, test } from "vitest";
import { projectWithTasks } from "./support/projectWithTasks.js";

test("a run with damaged metrics and scores resumes, and is reported, with the same result", async () => {
  const project = await projectWithTasks({ ...tinyRun, train: { ...tinyRun.train, steps: 4 } });
  await project.metalearn(["compare"]);
  const run = "runs/run-seed100";
  const whole = await project.json<{ all: unknown; tasks: unknown }>(`${run}/evaluation.json`);
  await appendFile(project.path(run, "metrics.jsonl"), `${"\0".repeat(64)}\n`);
  const scores = (await project.read(`${run}/scores.jsonl`)) as string;
  await project.write(`${run}/scores.jsonl`, scores.replace(/"score":[\d.]+/, '"score":0.123'));
  await project.write(`${run}/evaluation.json`, { ...whole, all: { mean: 7 } });

  const reported = await project.metalearn(["report", "runs"]);
  expect(reported).toMatchObject({ code: 2, stdout: "" });
  expect(reported.stderr).toContain("all.mean: expected a score of at most 1, got 7.");

  const { code, stderr } = await project.metalearn(["compare"]);
  expect({ code, stderr }).toMatchObject({ code: 0 });
  expect(stderr).toContain("metrics.jsonl: 1 of 3 lines are damaged and left out (line 3).");
  expect(stderr).toContain("It is made again from the scores that are known.");
  const { all, tasks } = await project.json<typeof whole>(`${run}/evaluation.json`);
  expect({ all, tasks }).toEqual({ all: whole.all, tasks: whole.tasks });
});
