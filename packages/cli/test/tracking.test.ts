import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { tinyRun } from "@metalearn/test-support/project";
import { expect, test } from "vitest";
import { projectWithTasks } from "./support/projectWithTasks.js";

test("a run whose tracking server is down says so once, and ends as if there were none", async () => {
  const url = "http://127.0.0.1:9"; // port 9 (discard) has no listener
  const project = await projectWithTasks({ ...tinyRun, tracker: { use: "mlflow", url } });
  const { code, stderr } = await project.metalearn(["compare"]);
  expect(code).toBe(0);
  expect(stderr.match(/The tracker mlflow failed; the run continues without it/g)).toHaveLength(1);
  expect(stderr).toContain("no response from http://127.0.0.1:9");
  expect(stderr).toContain("train 8/8");
  expect((await project.read("runs/run-seed100/metrics.jsonl"))?.split("\n")).toHaveLength(5);
});

test("a finished run may be given to another tracker, which gets all of it", async () => {
  const project = await projectWithTasks(tinyRun);
  expect((await project.metalearn(["compare"])).code).toBe(0);
  const evaluation = await project.read("runs/run-seed100/evaluation.json");
  const tracked = await project.metalearn(["compare", 'tracker={"use":"tensorboard"}']);
  expect({ code: tracked.code, stderr: tracked.stderr }).toEqual({
    code: 0,
    stderr: expect.stringContaining("is already trained"),
  });
  expect(await project.read("runs/run-seed100/evaluation.json")).toBe(evaluation);
  const folder = project.path("runs/run-seed100/tensorboard");
  const text = readFileSync(join(folder, readdirSync(folder)[0] ?? ""), "latin1");
  expect(text.match(/train\/loss/g)).toHaveLength(4); // a line for every two of eight updates
  expect(text).toContain("evaluation/mean");
});

test("a run is tracked in its own directory, evaluation included", async () => {
  const project = await projectWithTasks({ ...tinyRun, tracker: { use: "tensorboard" } });
  expect((await project.metalearn(["compare"])).code).toBe(0);
  const folder = project.path("runs/run-seed100/tensorboard");
  const [file = "", ...others] = readdirSync(folder);
  expect(others).toEqual([]);
  // The tags are plain text within the records.
  const text = readFileSync(join(folder, file), "latin1");
  for (const tag of ["train/loss", "train/tokensPerSecond", "evaluation/mean"]) {
    expect(text).toContain(tag);
  }
});

test("several trackers get the same, and one that fails keeps nothing from the others", async () => {
  const url = "http://127.0.0.1:9";
  const tracker = [
    { use: "mlflow", url },
    { use: "tensorboard" },
    { use: "tensorboard", directory: "logs" },
  ];
  const project = await projectWithTasks({ ...tinyRun, tracker });
  const { code, stderr } = await project.metalearn(["compare"]);
  expect(code, stderr).toBe(0);
  expect(stderr.match(/The tracker \w+ failed/g)).toEqual(["The tracker mlflow failed"]);
  for (const folder of ["runs/run-seed100/tensorboard", "logs/run-seed100"]) {
    const [file = ""] = readdirSync(project.path(folder));
    const text = readFileSync(project.path(folder, file), "latin1");
    expect(text.match(/train\/loss/g)).toHaveLength(4); // a line for every two of eight updates
    expect(text).toContain("evaluation/mean");
  }
  const { config } = await project.json<{ config: { tracker: unknown } }>(
    "runs/run-seed100/run.json",
  );
  expect(config.tracker).toMatchObject([
    { use: "mlflow", experiment: "metalearn" },
    {},
    { directory: "logs" },
  ]);
});

test("unknown options of a tracker are found before the run begins", async () => {
  const project = await projectWithTasks({ ...tinyRun, tracker: { use: "mlflow", uri: "x" } });
  const { code, stderr } = await project.metalearn(["compare"]);
  expect(code).toBe(2);
  expect(stderr).toContain("tracker (mlflow)");
  const listed = await project.metalearn([
    "compare",
    'tracker=[{"use":"tensorboard"},{"use":"mlflwo"}]',
  ]);
  expect(listed.code).toBe(2);
  expect(listed.stderr).toContain('No tracker is called "mlflwo". Did you mean "mlflow"?');
});
