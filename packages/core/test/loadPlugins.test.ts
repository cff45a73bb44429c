import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { temporaryFolder } from "@metalearn/test-support/temporaryFolder";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import type { Learner } from "../src/contracts/learner.js";
import type { MetaOptimizer } from "../src/contracts/optimizer.js";
import { findPlugins } from "../src/plugin/findPlugins.js";
import { loadPlugins } from "../src/plugin/loadPlugins.js";
import { defineFactory, definePlugin } from "../src/plugin/plugin.js";
import { createToolkit } from "../src/plugin/toolkit.js";
import { component } from "./support/plainPlugin.js";

const path = temporaryFolder();

/** Puts a package into `node_modules`, whose plugin bears its name. */
async function install(name: string, manifest: object = {}): Promise<void> {
  const folder = `node_modules/${name}`;
  await write(`${folder}/package.json`, {
    name,
    version: "1.2.3",
    type: "module",
    exports: "./index.js",
    ...manifest,
  });
  await write(`${folder}/index.js`, `export default { name: "${name}" };`);
}

async function write(name: string, content: unknown): Promise<void> {
  await mkdir(dirname(path(name)), { recursive: true });
  await writeFile(path(name), typeof content === "string" ? content : JSON.stringify(content));
}

const load = (...names: string[]) => loadPlugins(names, path("metalearn.config.yaml"));

describe("loadPlugins", () => {
  test("tells version, name in the config and file of a package", async () => {
    await install("@you/plugin");
    expect(await load("@you/plugin")).toEqual([
      {
        name: "@you/plugin",
        version: "1.2.3",
        origin: "@you/plugin",
        file: path("node_modules/@you/plugin/index.js"),
      },
    ]);
  });

  test("finds packages that can only be imported", async () => {
    await install("esm-only", { exports: { ".": { import: "./index.js" } } });
    expect(await load("esm-only")).toMatchObject([{ name: "esm-only", version: "1.2.3" }]);
  });

  test("takes a file beside the config, whatever package the config is in", async () => {
    await write("package.json", {
      name: "mine",
      version: "1.0.0",
      peerDependencies: { none: "1" },
    });
    await write("plugin.mjs", "export default { name: 'mine' };");
    const [plugin] = await load("./plugin.mjs");
    expect(plugin).toEqual({ name: "mine", origin: "./plugin.mjs", file: path("plugin.mjs") });
  });

  test.each([
    ["^99.0.0", "is built for @metalearn/core ^99.0.0, but"],
    ["0.0.0-never || >98", "is built for @metalearn/core 0.0.0-never || >98, but"],
  ])("refuses a plugin for core %s", async (range, message) => {
    await install("plugin", { peerDependencies: { "@metalearn/core": range } });
    const { version } = JSON.parse(
      await readFile(new URL("../package.json", import.meta.url), "utf8"),
    );
    await expect(load("plugin")).rejects.toThrow(
      `[WRONG_VERSION] Plugin "plugin" 1.2.3 ${message} ${version} is installed.`,
    );
  });

  test("loads a plugin for this core, also one of the same workspace", async () => {
    await install("later", { peerDependencies: { "@metalearn/core": ">=0.0.0" } });
    await install("beside", { peerDependencies: { "@metalearn/core": "workspace:^" } });
    expect(await load("later", "beside")).toHaveLength(2);
  });

  test("refuses a plugin whose peer is missing or of another version", async () => {
    const peers = { engine: "^2.0.0" };
    await install("plugin", { peerDependencies: peers });
    await expect(load("plugin")).rejects.toThrow(
      '[MISSING_PEER] Plugin "plugin" 1.2.3 needs engine ^2.0.0, which is not installed. Try: npm install "engine@^2.0.0"',
    );
    await install("engine", { version: "1.9.0" });
    await expect(load("plugin")).rejects.toThrow(
      '[WRONG_VERSION] Plugin "plugin" 1.2.3 is built for engine ^2.0.0, but 1.9.0 is installed.',
    );
    await install("engine", { version: "2.1.0" });
    expect(await load("plugin")).toHaveLength(1);
  });

  test("does without a peer that is optional", async () => {
    await install("plugin", {
      peerDependencies: { painter: "1" },
      peerDependenciesMeta: { painter: { optional: true } },
    });
    expect(await load("plugin")).toHaveLength(1);
  });

  test("refuses a list with a plugin twice", async () => {
    await install("plugin");
    await expect(load("plugin", "plugin")).rejects.toThrow(
      '[DUPLICATE_NAME] plugins: expected each plugin once, got "plugin" twice.',
    );
  });

  test("says that a file is missing, rather than how to install it", async () => {
    await expect(load("./dist/index.js")).rejects.toThrow(
      "[MISSING_PLUGIN] plugins: expected a file ./dist/index.js, relative to the config, found none. Is the plugin built?",
    );
  });
});

describe("a plugin that is linked with a core of its own", () => {
  test("has its references checked and built", async () => {
    // These tests run the sources; what is built has types of its own, which need not be there yet.
    const built = new URL("../dist/index.js", import.meta.url).href;
    const other = (await import(built)) as typeof import("../src/index.js");
    const sgd = defineFactory(z.strictObject({ learningRate: z.number() }), (options) =>
      component<MetaOptimizer>({ ...options }),
    );
    const linked = other.definePlugin({
      name: "linked",
      learners: {
        linked: other.defineFactory(
          z.strictObject({ innerOptimizer: other.referenceTo("optimizer") }),
          () => component<Learner>({}),
        ),
      },
    });
    const toolkit = createToolkit([
      definePlugin({ name: "optimizers", optimizers: { sgd } }),
      linked as unknown as ReturnType<typeof definePlugin>,
    ]);
    expect(() =>
      toolkit.check("learner", { use: "linked", innerOptimizer: { use: "sgd", rate: 1 } }),
    ).toThrow('learner (linked).innerOptimizer (sgd): unknown key "rate"');
  });
});

describe("findPlugins", () => {
  const keywords = ["metalearn-plugin"];

  test("lists packages with the keyword by name, without loading any", async () => {
    await install("other", { keywords: ["metalearn"] });
    await install("metalearn-b", { keywords });
    await install("@you/a", { keywords });
    await write("node_modules/metalearn-b/index.js", "throw new Error('loaded');");
    await write("node_modules/broken/package.json", "{ no JSON");
    await write("node_modules/.cache/metalearn-c/package.json", { name: "metalearn-c", keywords });
    const found = findPlugins(path("metalearn.config.yaml"));
    expect(found.map(({ folder, manifest }) => [manifest.name, folder])).toEqual([
      ["@you/a", path("node_modules/@you/a")],
      ["metalearn-b", path("node_modules/metalearn-b")],
    ]);
  });

  test("takes the nearest of several, as import does", async () => {
    await install("plugin", { keywords });
    await write("inner/node_modules/plugin/package.json", {
      name: "plugin",
      version: "2.0.0",
      keywords,
    });
    const [found, ...others] = findPlugins(path("inner/metalearn.config.yaml"));
    expect(others).toEqual([]);
    expect(found?.manifest.version).toBe("2.0.0");
  });
});
