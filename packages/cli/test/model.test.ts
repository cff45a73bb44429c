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
      // Numbers of 4 bytes: 45/8 for each input and output of a block's matrices, 16 * (1 + 1 + 1 + 4) and
      // 16 * (3 + 1 + 4 + 1), and 8 scores for each head and token.
      activations: { tokens: 64, bytes: 64 * 4 * ((45 / 8) * 16 * 16 + 8 * 2 * 64) },
    });
  }
  const { stdout } = await project.metalearn(["model", "show", run]);
  expect(stdout).toMatch(
    /^runs\/run-seed100\n {2}model {6}gpt2, 0\.0 million parameters\n {2}weights {4}0\.0 MB, tensors: 16 F32\n {2}context {4}64 tokens\n/,
  );
  expect(stdout).toMatch(
    /AdamW's moments and the activations of one sequence of 256 tokens,\n.* come on top: at least 0\.00 GB for 64 tokens\n$/,
  );
});

test("takes no flag that has no effect", async () => {
  const show = ["model", "show", run];
  expect(await failureOf(project, [...show, "--revision", "main"])).toBe(
    `[BAD_OPTION] --revision is of models on the hub, but ${run} is a local path. Leave it out, or name a model as owner/name.\n`,
  );
  await project.write("plugin.mjs", 'export default { name: "mine" };');
  expect(await failureOf(project, [...show, "--plugin", "./plugin.mjs"])).toMatch(
    /^\[BAD_OPTION\] --plugin \.\/plugin\.mjs: .* but it provides no components\./,
  );
});

test("says when there is no model", async () => {
  expect(await failureOf(project, ["model", "show", "nowhere"])).toMatch(
    /^\[MISSING_FILE\] There is no checkpoint .*nowhere\. A model on the hub is named owner\/name, such as /,
  );
  expect(await failureOf(project, ["model", "show", ""])).toMatch(
    /^\[BAD_OPTION\] Expected the path of a checkpoint or the name of a model on the hub, owner\/name, got an empty text\.\n$/,
  );
});
