import { failureOf, type Project } from "@metalearn/test-support/project";
import { beforeAll, expect, test } from "vitest";
import { projectWithTasks } from "./support/projectWithTasks.js";

const run = "runs/run-seed100";

let project: Project;
beforeAll(async () => {
  project = await projectWithTasks();
  expect(await project.metalearn(["train"])).toMatchObject({ code: 0 });
});

// 256 tokens and 64 positions of 16 numbers, a layer of 12 * 16^2 numbers in matrices and 13 * 16 in vectors, and 2
// * 16 of the last norm.
const parameters = 320 * 16 + 12 * 16 ** 2 + 13 * 16 + 2 * 16;

test("describes the model of a run, its checkpoint and its export without loading it", async () => {
  const checkpoint = `${run}/checkpoints/00000008/model`;
  for (const path of [run, checkpoint]) {
    const { code, stdout } = await project.metalearn(["model", "show", path, "--json"]);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      architecture: "gpt2",
      parameters,
      weights: { types: { F32: 16 } },
      context: 64,
      tokenizer: { vocabularySize: 256, hasChatTemplate: false },
      memory: { "MetaICL, fine-tuning": 26 * parameters },
    });
  }
  const { stdout } = await project.metalearn(["model", "show", run]);
  expect(stdout).toMatch(
    /^runs\/run-seed100\n {2}model {6}gpt2, 0\.0 million parameters\n {2}weights {4}0\.0 MB, tensors: 16 F32\n {2}context {4}64 tokens\n/,
  );
});

test("says when there is no model", async () => {
  expect(await failureOf(project, ["model", "show", "nowhere"])).toMatch(
    /^\[MISSING_FILE\] There is no checkpoint .*nowhere\.\n$/,
  );
});
