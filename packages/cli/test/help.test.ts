import { readFile } from "node:fs/promises";
import { start } from "@metalearn/test-support/command";
import { emptyProject } from "@metalearn/test-support/project";
import { describe, expect, test } from "vitest";

describe.concurrent("metalearn", () => {
  test.each([
    [
      ["--help"],
      [
        "compare",
        "train",
        "evaluate",
        "report",
        "watch",
        "init",
        "config",
        "plugins",
        "plugin",
        "setup",
        "doctor",
        "--verbose",
      ],
    ],
    [
      ["compare", "--help"],
      ["[key=value...]", "--config <file>", "--seeds <list>", "--dry-run"],
    ],
    [
      ["train", "--help"],
      ["[key=value...]", "--config <file>", "--run <name>"],
    ],
    [
      ["evaluate", "--help"],
      ["<path>", "[key=value...]", "--config <file>", "--output <file>"],
    ],
    [
      ["report", "--help"],
      ["<path>", "--format <name>", "--output <file>", '"html", "md", "csv", "latex"'],
    ],
    [
      ["watch", "--help"],
      ["<run>", "--once"],
    ],
    [
      ["setup", "--help"],
      ["--cuda", "--force", "--config <file>", "--plugin <name>"],
    ],
    [
      ["doctor", "--help"],
      ["--json", "--config <file>", "--plugin <name>"],
    ],
    [
      ["data", "add", "--help"],
      [
        "<source>",
        "--task <text>",
        "--label <text>",
        "--unseen",
        "--seeds <list>",
        "--for <tasks>",
      ],
    ],
    [
      ["data", "download", "--help"],
      ["<setting>", "--repository <text>", "--shots <number>", "--plugin <name>"],
    ],
    [
      ["pack", "--help"],
      ["<folder>", "--cuda", "--part-size <size>", "--lean", "--without <names>"],
    ],
    [
      ["init", "--help"],
      ["[file]", "--preset <name>"],
    ],
    [
      ["plugins", "--help"],
      ["--config <file>", "--json"],
    ],
    [
      ["plugin", "create", "--help"],
      ["<name>", "--kind <kind>", "--directory <folder>"],
    ],
    [
      ["config", "--help"],
      ["check", "show", "schema"],
    ],
  ])("%s names what can be given", async (args, wanted) => {
    const project = await emptyProject();
    const { code, stdout, stderr } = await project.metalearn(args);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    for (const text of wanted) expect(stdout).toContain(text);
  });

  test("help is quick: it loads neither core nor TensorFlow.js", async () => {
    const project = await emptyProject();
    const { stderr } = await project.metalearn(["--help"], { NODE_DEBUG: "esm" });
    expect(stderr).toContain("cli/dist/main.js");
    // One file of core that imports nothing tells whose code an error comes from.
    expect(stderr).not.toMatch(/core\/dist\/(?!plugin\/inCharge\.js)|@tensorflow/);
  });

  test("without a command shows the help as an error", async () => {
    const project = await emptyProject();
    const { code, stdout, stderr } = await project.metalearn([]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain("Usage: metalearn [options] [command]");
  });

  test("tells the version of its package", async () => {
    const project = await emptyProject();
    const manifest = await readFile(new URL("../package.json", import.meta.url), "utf8");
    const { code, stdout, stderr } = await project.metalearn(["--version"]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toBe(`${JSON.parse(manifest).version}\n`);
  });

  test.each([
    [["comapre"], "error: unknown command 'comapre'\n(Did you mean compare?)\n"],
    [["compare", "--seed", "1"], "error: unknown option '--seed'\n(Did you mean --seeds?)\n"],
    [["evaluate"], "error: missing required argument 'path'\n"],
    [["data", "add", "--task", "a"], "error: missing required argument 'source'\n"],
    [["data", "add", "a.csv"], "error: required option '--task <text>' not specified\n"],
    [
      ["report", "runs", "--format", "pdf"],
      "error: option '-f, --format <name>' argument 'pdf' is invalid. Allowed choices are html, md, csv, latex, json.\n",
    ],
  ])("refuses %s and says where to look", async (args, message) => {
    const project = await emptyProject();
    expect(await project.metalearn(args)).toEqual({
      code: 2,
      stdout: "",
      stderr: `${message}(--help shows what there is.)\n`,
    });
  });

  test("does not mind a reader that has seen enough", async () => {
    const project = await emptyProject();
    const { child, finished } = start(["--help"], { cwd: project.folder });
    child.stdout?.destroy();
    expect(await finished).toEqual({ code: 0, stdout: "", stderr: "" });
  });
});
