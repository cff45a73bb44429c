import { spawn } from "node:child_process";
import { once } from "node:events";
import { openSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { program } from "@metalearn/test-support/command";
import { emptyProject, tinyRun } from "@metalearn/test-support/project";
import { describe, expect, test } from "vitest";
import { projectWithTasks } from "./support/projectWithTasks.js";

const short = { ...tinyRun, train: { ...tinyRun.train, steps: 2 } };

const core = join(import.meta.dirname, "../../core/dist/index.js"); // that of the built command
const zod = createRequire(core).resolve("zod");

/** Config of a run of a second on generated tasks, with a plugin of the project. */
const sinusoid = {
  runtime: { use: "cpu" },
  model: { use: "mlp", sizes: [1, 4, 1], loss: "mse" },
  tasks: { use: "sinusoid" },
  learner: { use: "fomaml", innerOptimizer: { use: "sgd", learningRate: 0.01 } },
  optimizer: { use: "adamw", learningRate: 0.01 },
  train: { steps: 4, logEvery: 1 },
};

/** A plugin file of the parts that are given as code. */
const plugin = (parts: string, atTop = "") => `
import { defineFactory } from ${JSON.stringify(pathToFileURL(core).href)};
import { z } from ${JSON.stringify(pathToFileURL(zod).href)};
${atTop}
export default { name: "mine", ${parts} };
`;
const factory = (create: string) => `defineFactory(z.strictObject({}), ${create})`;

describe("a plugin that misbehaves", () => {
  test("with stray errors of its tracker does not end the run", async () => {
    const project = await emptyProject({
      ...sinusoid,
      plugins: ["@metalearn/*", "./mine.mjs"],
      tracker: { use: "lamp" },
    });
    const lamp = `() => ({ name: "lamp", log() {
      Promise.reject(new Error("nobody handles this"));
      setTimeout(() => { throw new Error("nor this"); }, 0);
    }, close() {} })`;
    await project.write("mine.mjs", plugin(`trackers: { lamp: ${factory(lamp)} }`));
    const { code, stdout, stderr } = await project.metalearn(["train"]);
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr: expect.stringContaining(
        "The tracker lamp failed; the run continues without it: nobody handles this",
      ),
    });
    expect(stderr.match(/tracker lamp failed/g)).toHaveLength(1);
    expect(stdout).toMatch(/^Trained\. /);
  });

  test("whose learner throws is named, with the place", async () => {
    const project = await emptyProject({
      ...sinusoid,
      plugins: ["@metalearn/*", "./mine.mjs"],
      learner: { use: "broken" },
    });
    const broken = `() => ({ name: "broken", episodes: { tasks: 1, support: 0, query: 1, taskUnit: "mixture" },
      adapt() {}, metaGradient() { undefined.length; } })`;
    await project.write("mine.mjs", plugin(`learners: { broken: ${factory(broken)} }`));
    const { code, stderr } = await project.metalearn(["train"]);
    expect(code).toBe(1);
    expect(stderr).toContain('[PLUGIN_FAILED] The learner "broken" failed at meta-update 1: ');
    expect(stderr).toMatch(/at .*mine\.mjs:\d+:\d+/);
  });

  test("whose import never ends is named", async () => {
    const project = await emptyProject({ ...tinyRun, plugins: ["./mine.mjs"] });
    await project.write("mine.mjs", plugin("", "await new Promise(() => {});"));
    expect(await project.metalearn(["train"])).toEqual({
      code: 1,
      stdout: "",
      stderr:
        'metalearn has to stop before its work is done: the import of the plugin "./mine.mjs" never ends. Does it await something at its top level?\n',
    });
  });

  test("and prints while it is imported leaves JSON alone", async () => {
    const project = await emptyProject({ ...tinyRun, plugins: ["./mine.mjs"] });
    const loud = 'console.log("noise"); process.stdout.write("more noise\\n");';
    await project.write("mine.mjs", plugin("", loud));
    const { code, stdout, stderr } = await project.metalearn(["plugins", "--json"]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "noise\nmore noise\n" });
    expect(JSON.parse(stdout)).toBeInstanceOf(Object);
  });
});

describe("a disk that is full", () => {
  /** Exit code and stderr of a command, with one stream on a full disk. */
  async function onFullDisk(cwd: string, args: readonly string[], stream: 1 | 2) {
    const full = openSync("/dev/full", "w");
    const stdio = ["ignore", "pipe", "pipe"] as ("ignore" | "pipe" | number)[];
    stdio[stream] = full;
    const child = spawn(process.execPath, [program, ...args], { cwd, stdio });
    let other = "";
    (child.stdout ?? child.stderr)?.on("data", (text) => {
      other += text;
    });
    const [code] = await once(child, "close");
    return { code, other };
  }

  test.skipIf(process.platform !== "linux")(
    "below stdout or stderr does not end a training",
    async () => {
      const project = await projectWithTasks(short);
      const silent = await onFullDisk(project.folder, ["train", "out=a"], 2);
      expect(silent).toEqual({ code: 0, other: expect.stringContaining("Trained.") });
      const { code, other } = await onFullDisk(project.folder, ["train", "out=b"], 1);
      expect(code).toBe(1);
      expect(other).toMatch(/Output was lost, because stdout cannot be written: ENOSPC.*\n$/);
      expect(await project.read("b/run-seed100/checkpoints/00000002/training.json")).toContain(
        '"finished": true',
      );
    },
  );
});
