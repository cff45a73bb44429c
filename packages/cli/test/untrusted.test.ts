import { chmod, mkdir, rm } from "node:fs/promises";
import { run as metalearn } from "@metalearn/test-support/command";
import { emptyProject, failureOf, type Project, tinyRun } from "@metalearn/test-support/project";
import { beforeAll, describe, expect, test } from "vitest";
import { projectWithTasks } from "./support/projectWithTasks.js";

/** Code that leaves a trace of having run. */
const trace = (name: string) =>
  `import { writeFileSync } from "node:fs";
   writeFileSync(${JSON.stringify(name)}, "");`;

const run = "runs/run-seed100";
const question = ["--input", "a b", "--option", "a", "--option", "b"];

describe("a run that was made with a plugin", () => {
  let project: Project;
  let ran: string;
  const hasRun = async () => (await project.read("ran")) !== undefined;

  beforeAll(async () => {
    project = await projectWithTasks({ ...tinyRun, plugins: ["@metalearn/*", "./plugin.mjs"] });
    ran = project.path("ran");
    await project.write("plugin.mjs", `${trace(ran)}\nexport default { name: "mine" };`);
    const trained = await project.metalearn(["train"]);
    expect(trained).toMatchObject({ code: 0 });
  });

  test("loads it where the user's own config lists it", async () => {
    await rm(ran);
    const { code } = await project.metalearn(["evaluate", run]);
    expect({ code, hasRun: await hasRun() }).toEqual({ code: 0, hasRun: true });
  });

  describe("and sent to somebody", () => {
    // In the run's folder lie a plugin, configs of all kinds and packages, as somebody might plant them.
    beforeAll(async () => {
      await rm(project.path("metalearn.config.yaml"));
      await rm(ran);
      const record = await project.json<object>(`${run}/run.json`);
      const configFile = project.path(run, "metalearn.config.mjs");
      await project.write(`${run}/run.json`, { ...record, configFile });
      await project.write(`${run}/plugin.mjs`, `${trace(ran)}\nexport default { name: "mine" };`);
      await project.write(`${run}/metalearn.config.mjs`, `${trace(ran)}\nexport default {};`);
      await project.write(`${run}/.config/config.mjs`, `${trace(ran)}\nexport default {};`);
      const planted = `${run}/node_modules/@metalearn/adapters`;
      await project.write(`${planted}/package.json`, { type: "module", exports: "./index.js" });
      await project.write(`${planted}/index.js`, `${trace(ran)}\nexport default { name: "x" };`);
    });

    test.each([
      ["predict", ["predict", "--checkpoint", run, ...question]],
      ["evaluate", ["evaluate", run]],
      ["export", ["export", run, "exported"]],
    ])("runs none of its code for %s, and says which plugin it needs", async (_, args) => {
      const message = await failureOf(project, args);
      expect(message).toMatch(
        /^\[UNTRUSTED_PLUGIN\] The run was made with the plugin "\.\/plugin\.mjs" \(.*\/runs\/run-seed100\/plugin\.mjs\), which neither .* add: --plugin \.\/plugin\.mjs\n/,
      );
      expect(await hasRun()).toBe(false);
    });

    test.each([
      ["report", ["report", "runs"]],
      ["watch", ["watch", run, "--once"]],
    ])("runs none of its code for %s, which needs none", async (_, args) => {
      const { code } = await project.metalearn(args);
      expect({ code, hasRun: await hasRun() }).toEqual({ code: 0, hasRun: false });
    });

    test("runs none of it either from within its folder", async () => {
      const cwd = project.path(run);
      const inside: Project = { ...project, metalearn: (args) => metalearn(args, { cwd }) };
      for (const args of [
        ["evaluate", "."],
        ["predict", "--checkpoint", ".", ...question],
      ]) {
        expect(await failureOf(inside, args)).toContain("[UNTRUSTED_PLUGIN]");
      }
      expect(await hasRun()).toBe(false);
    });

    test("loads the plugin that the command line names, and metalearn's own packages", async () => {
      const mine = project.path("mine");
      await project.write("plugin.mjs", `${trace(mine)}\nexport default { name: "mine" };`);
      const args = ["predict", "--checkpoint", run, ...question, "--plugin", "./plugin.mjs"];
      const { code, stderr } = await project.metalearn(args);
      expect({ code, stderr }).toMatchObject({ code: 0 });
      expect(await project.read("mine")).toBe("");
      expect(await hasRun()).toBe(false);
    });
  });
});

describe("a config found by itself", () => {
  const code = (project: Project) =>
    `${trace(project.path("ran"))}\nexport default ${JSON.stringify(tinyRun)};`;
  const check = ["config", "check"];

  test("is named before it runs, if it is code", async () => {
    const project = await emptyProject();
    await project.write("metalearn.config.mjs", code(project));
    const { code: exit, stderr } = await project.metalearn(["config", "show"]);
    expect({ exit, stderr }).toEqual({
      exit: 0,
      stderr: `Config: ${project.path("metalearn.config.mjs")}\n`,
    });
    expect(await project.read("ran")).toBe("");
  });

  test("does not run where others can write to its folder, unless it is named", async () => {
    const project = await emptyProject();
    await project.write("metalearn.config.mjs", code(project));
    await chmod(project.folder, 0o777);
    const message = await failureOf(project, check);
    expect(message).toBe(
      `[BAD_CONFIG] ${project.path("metalearn.config.mjs")} is not loaded automatically: it is code, and others can write to it or its folder. If you trust it, name it with --config.\n`,
    );
    expect(await project.read("ran")).toBeUndefined();
    const named = await project.metalearn(["config", "show", "-c", "metalearn.config.mjs"]);
    expect(named).toMatchObject({ code: 0, stderr: "" });
  });

  test("does not bring plugins where others can write to its folder", async () => {
    const project = await emptyProject({ ...tinyRun, plugins: ["@metalearn/*", "./plugin.mjs"] });
    const ran = project.path("ran");
    await project.write("plugin.mjs", `${trace(ran)}\nexport default { name: "mine" };`);
    await chmod(project.folder, 0o777);
    expect(await failureOf(project, check)).toContain('it loads the plugin "./plugin.mjs", and');
    expect(await project.read("ran")).toBeUndefined();
  });

  test("is not looked for above the project, nor in a folder above that others can write to", async () => {
    const project = await emptyProject();
    await project.write("metalearn.config.mjs", code(project));
    await project.write("project/package.json", {});
    await project.write("open/metalearn.config.mjs", code(project));
    await mkdir(project.path("open/inner"));
    await chmod(project.path("open"), 0o777);
    for (const folder of ["project", "open/inner"]) {
      const { code: exit, stderr } = await metalearn(check, { cwd: project.path(folder) });
      expect({ exit, stderr }).toMatchObject({
        exit: 2,
        stderr: expect.stringContaining("[MISSING_FILE] Expected a metalearn.config.yaml"),
      });
    }
    expect(await project.read("ran")).toBeUndefined();
  });
});
