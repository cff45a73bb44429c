import { emptyProject, type Project, tinyRun } from "@metalearn/test-support/project";
import { describe, expect, test } from "vitest";

const keywords = ["metalearn-plugin"];

/** Installs a plugin with one tracker into `node_modules`; it writes a file when it is loaded. */
async function install(project: Project, name: string, manifest: object = {}): Promise<void> {
  const folder = `node_modules/${name}`;
  const fields = { name, version: "1.2.3", type: "module", exports: "./index.js", keywords };
  await project.write(`${folder}/package.json`, { ...fields, ...manifest });
  await project.write(
    `${folder}/index.js`,
    `import { writeFileSync } from "node:fs";
     writeFileSync(new URL("loaded", import.meta.url), "");
     export default { name: "${name}", trackers: { "${name}": {} }, learners: { b: {}, a: {} } };`,
  );
}

describe.concurrent("metalearn plugins", () => {
  test("shows what listed plugins provide, and does not load the others", async () => {
    const project = await emptyProject({
      ...tinyRun,
      plugins: ["metalearn-used", "metalearn-old"],
    });
    await install(project, "metalearn-used");
    await install(project, "metalearn-unused");
    await install(project, "metalearn-old", { peerDependencies: { "@metalearn/core": "^99" } });
    const { code, stdout, stderr } = await project.metalearn(["plugins"]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toContain(
      "metalearn-used 1.2.3  (./node_modules/metalearn-used/index.js)\n  learner: a, b\n  tracker: metalearn-used\n",
    );
    expect(stdout).toContain(
      'metalearn-old  (config)\n  [WRONG_VERSION] Plugin "metalearn-old" 1.2.3 is built for @metalearn/core ^99, but ',
    );
    expect(stdout).toContain(
      'metalearn-unused 1.2.3  (./node_modules/metalearn-unused)\n  not loaded: list it under "plugins" to use it\n',
    );
    expect(await project.read("node_modules/metalearn-used/loaded")).toBe("");
    expect(await project.read("node_modules/metalearn-unused/loaded")).toBeUndefined();
    expect(await project.read("node_modules/metalearn-old/loaded")).toBeUndefined();
  });

  test("shows metalearn's own where no config is, and where one asks for them", async () => {
    const project = await emptyProject();
    const bare = await project.metalearn(["plugins"]);
    expect(bare.code).toBe(0);
    expect(bare.stdout).toMatch(
      /^@metalearn\/optimizers \S+ {2}\(metalearn\)\n {2}optimizer: adam, adamw, sgd$/m,
    );
    expect(bare.stdout).toMatch(/^ {2}launcher: slurm$/m);

    await install(project, "metalearn-used");
    await project.write("metalearn.config.yaml", {
      ...tinyRun,
      plugins: ["@metalearn/*", "metalearn-used"],
    });
    const { stdout } = await project.metalearn(["plugins", "--json"]);
    const plugins = JSON.parse(stdout) as { name: string; origin: string; provides: object }[];
    expect(plugins.filter(({ origin }) => origin === "metalearn").length).toBe(14);
    expect(plugins.find(({ name }) => name === "metalearn-used")).toMatchObject({
      version: "1.2.3",
      origin: "config",
      provides: { learner: ["a", "b"], tracker: ["metalearn-used"] },
    });
  });
});

test("a run with a plugin for another core is refused before it begins", async () => {
  const project = await emptyProject({ ...tinyRun, plugins: ["@metalearn/*", "metalearn-old"] });
  await install(project, "metalearn-old", { peerDependencies: { "@metalearn/core": "^99" } });
  const { code, stderr } = await project.metalearn(["train"]);
  expect(code).toBe(2);
  expect(stderr).toContain('[WRONG_VERSION] Plugin "metalearn-old" 1.2.3 is built for');
  expect(await project.read("runs")).toBeUndefined();
});
