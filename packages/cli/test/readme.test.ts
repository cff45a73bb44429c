import { readFile } from "node:fs/promises";
import { cellsOf } from "@metalearn/test-support/scores";
import { expect, test } from "vitest";
import { projectWithTasks } from "./support/projectWithTasks.js";

test("the comparison that the README shows runs, here with less of everything", async () => {
  const readme = await readFile(new URL("../README.md", import.meta.url), "utf8");
  const [, config] = /```yaml\n(.*?)```/s.exec(readme) ?? [];
  const project = await projectWithTasks(config);
  const { code, stdout } = await project.metalearn([
    "compare",
    "runtime.use=wasm",
    ...["layers=1", "width=16"].map((change) => `model.${change}`),
    ...["steps=4", "batchSize=1"].map((change) => `train.${change}`),
    ...["--seeds", "1"],
  ]);
  expect(code).toBe(0);
  const names = cellsOf(stdout).map(([name]) => name);
  expect(names).toEqual(["", "untrained", "metaicl", "fomaml", "maml-en-llm", "random answers"]);
  expect(await project.read("runs/first/report.html")).toContain(
    "<title>Meta-learning on generated tasks</title>",
  );
});
