import { mkdtemp, readdir, readFile, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Finished, run, startProgram } from "@metalearn/test-support/command";
import { emptyProject, failureOf } from "@metalearn/test-support/project";
import ts from "typescript";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  componentKind,
  pluginKinds as kinds,
  type PluginKind,
} from "../src/pluginPackage/kinds.js";
import { toolVersions } from "../src/pluginPackage/packageJson.js";

const root = join(import.meta.dirname, "../../..");

/** One package of each kind, some of them with names that are used in code. */
const names: Record<PluginKind, string> = {
  learner: "@you/metalearn-new",
  model: "metalearn-z",
  "language-model": "metalearn-parallel-lm",
  adapter: "@you/scales",
  runtime: "metalearn-strict",
  tasks: "metalearn-my-lines",
  optimizer: "heavy_ball",
  tracker: "metalearn-plugin-csv",
  launcher: "metalearn-nice",
};
const components: Record<PluginKind, string> = {
  learner: "new",
  model: "z",
  "language-model": "parallel-lm",
  adapter: "scales",
  runtime: "strict",
  tasks: "my-lines",
  optimizer: "heavy_ball",
  tracker: "csv",
  launcher: "nice",
};
const folderOf = (kind: PluginKind) => names[kind].replace(/^@you\//, "");

let folder: string;
const created = new Map<PluginKind, Finished>();
beforeAll(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), "metalearn-plugins-")));
  await symlink(join(root, "node_modules"), join(folder, "node_modules"));
  for (const kind of kinds) {
    const args = ["plugin", "create", names[kind], "--kind", kind];
    created.set(kind, await run(args, { cwd: folder }));
  }
});
afterAll(() => rm(folder, { recursive: true }));

const sources = new Map<string, ts.SourceFile | undefined>();

/** Runs `tsc -p` and returns its messages. Declarations are read once for all packages. */
function compile(cwd: string, config: string): string[] {
  const { config: json } = ts.readConfigFile(join(cwd, config), ts.sys.readFile);
  const { fileNames, options } = ts.parseJsonConfigFileContent(json, ts.sys, cwd);
  const host = ts.createCompilerHost(options);
  const { getSourceFile } = host;
  host.getSourceFile = (path, ...rest) => {
    if (!sources.has(path)) sources.set(path, getSourceFile(path, ...rest));
    return sources.get(path);
  };
  const program = ts.createProgram(fileNames, options, host);
  const { diagnostics } = program.emit();
  return [...ts.getPreEmitDiagnostics(program), ...diagnostics].map(
    ({ file, messageText }) =>
      `${file?.fileName} ${ts.flattenDiagnosticMessageText(messageText, " ")}`,
  );
}

describe("metalearn plugin create", () => {
  test.each(kinds)("says what it wrote for a %s, and what comes next", (kind) => {
    expect(created.get(kind)).toEqual({
      code: 0,
      stdout: `Wrote ${folderOf(kind)}: the ${kind.replace("-", " ")} "${components[kind]}", in src/index.ts.\nNext: cd ${folderOf(kind)} && npm install && npm test\n`,
      stderr: "",
    });
  });

  test.each(kinds)("fills in the names of a %s everywhere", async (kind) => {
    const cwd = join(folder, folderOf(kind));
    const readme = await readFile(join(cwd, "README.md"), "utf8");
    expect(readme).toMatch(new RegExp(`^# ${names[kind]}\\n\\n\\w.*for metalearn`));
    expect(readme).toContain(`${componentKind(kind)}: { use: ${components[kind]}, `);
    const paths = await readdir(cwd, { recursive: true, withFileTypes: true });
    for (const path of paths.filter((entry) => entry.isFile())) {
      const file = join(path.parentPath, path.name);
      expect(`${file} ${await readFile(file, "utf8")}`).not.toMatch(
        /__[a-zA-Z]+__|\*\*[a-z]+\*\*|\{\{[a-z]/,
      );
    }
  });

  test("writes packages that pass the type-check and build", () => {
    const problems = ["tsconfig.json", "tsconfig.build.json"].flatMap((config) =>
      kinds.flatMap((kind) => compile(join(folder, folderOf(kind)), config)),
    );
    expect(problems).toEqual([]);
  });

  test("writes packages that pass their tests", async () => {
    const vitest = join(root, "node_modules/vitest/vitest.mjs");
    const report = ["--reporter=json", "--outputFile=results.json"];
    const ofThisTest = Object.keys(process.env).filter((name) => name.startsWith("VITEST"));
    const { code } = await startProgram([process.execPath, vitest, "run", ...report], {
      cwd: folder,
      env: Object.fromEntries(ofThisTest.map((name) => [name, undefined])),
    }).finished;
    const { testResults } = JSON.parse(await readFile(join(folder, "results.json"), "utf8"));
    const files = testResults as { name: string; assertionResults: { status: string }[] }[];
    const passed = (kind: PluginKind) =>
      files
        .filter(({ name }) => name.startsWith(join(folder, folderOf(kind), "test")))
        .flatMap(({ assertionResults }) => assertionResults)
        .filter(({ status }) => status === "passed").length;
    expect(code).toBe(0);
    // More tests than the one or two of its own: the conformance suite of its kind runs as well.
    expect(kinds.filter((kind) => passed(kind) > 5)).toEqual(kinds);
  });

  test.concurrent.each(kinds)("writes a config that runs with the %s", async (kind) => {
    const cwd = join(folder, folderOf(kind));
    const overrides = [
      "train.steps=2",
      ...(kind === "runtime" ? [] : ["runtime.use=wasm"]),
      ...(kind === "language-model" ? ["train.batchSize=2"] : ["tasks.targetEpisodes=2"]),
    ];
    if (kind === "language-model") {
      const made = await startProgram([process.execPath, "makeTasks.mjs"], { cwd }).finished;
      expect(made).toMatchObject({ code: 0, stderr: "" });
    }
    const { code, stderr } = await run(["compare", ...overrides], { cwd });
    expect({ code, stderr: code === 0 ? "" : stderr }).toEqual({ code: 0, stderr: "" });
  });

  test("a language model's export has its config and tokenizer", async () => {
    const cwd = join(folder, folderOf("language-model"));
    await startProgram([process.execPath, "makeTasks.mjs"], { cwd }).finished;
    const config = {
      plugins: ["@metalearn/*", names["language-model"]],
      runtime: { use: "wasm" },
      model: { use: "parallel-lm", layers: 1, width: 8 },
      tasks: { use: "crossfit", root: "data", setting: "generated", shots: 1 },
      learner: { use: "metaicl" },
      optimizer: { use: "sgd", learningRate: 0.1 },
      train: { steps: 1, batchSize: 2 },
      out: "exporting",
    };
    await writeFile(join(cwd, "export.json"), JSON.stringify(config));
    const trained = await run(["train", "--config", "export.json"], { cwd });
    expect({ ...trained, stdout: "" }).toMatchObject({ code: 0 });
    const [name = ""] = await readdir(join(cwd, "exporting"));
    const args = ["export", join("exporting", name), "exported", "--config", "export.json"];
    const { code, stderr } = await run(args, { cwd });
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect((await readdir(join(cwd, "exported"))).sort()).toEqual([
      "config.json",
      "merges.txt",
      "model.safetensors",
      "tokenizer_config.json",
      "vocab.json",
    ]);
  });

  test("gives the tools the versions that the repository is tested with", async () => {
    const manifest = await readFile(join(root, "package.json"), "utf8");
    const catalog = await readFile(join(root, "pnpm-workspace.yaml"), "utf8");
    const { typescript } = JSON.parse(manifest).devDependencies;
    const inCatalog = (name: string) =>
      new RegExp(`^ +"?${name}"?: [~^]?(.*)$`, "m").exec(catalog)?.[1];
    expect(toolVersions).toEqual({
      typescript: `^${typescript}`,
      vitest: `^${inCatalog("vitest")}`,
      "@types/node": `^${inCatalog("@types/node")}`,
    });
  });
});

describe.concurrent("metalearn plugin create refuses", () => {
  test.each([
    [
      "a name that npm refuses",
      ["My Plugin"],
      '[BAD_OPTION] "My Plugin" cannot be the name of a package: ',
    ],
    [
      "a name that a config could not use",
      ["metalearn-2nd"],
      '[BAD_OPTION] A config would call the plugin "2nd"',
    ],
    [
      "an unknown kind",
      ["metalearn-mine", "--kind", "lerner"],
      "error: option '-k, --kind <kind>' argument 'lerner' is invalid. Allowed choices are learner, model, language-model, adapter, tasks, optimizer, runtime, tracker, launcher.",
    ],
    [
      "the name of a component of metalearn's",
      ["metalearn-maml"],
      '[DUPLICATE_NAME] The name "maml" is that of metalearn\'s own learner. Choose another one.',
    ],
  ])("%s", async (_, args, message) => {
    const project = await emptyProject();
    expect(await failureOf(project, ["plugin", "create", ...args])).toContain(message);
  });

  test("a folder with something in it, and leaves it as it is", async () => {
    const project = await emptyProject();
    await project.write("metalearn-mine/notes.txt", "mine");
    const message = await failureOf(project, ["plugin", "create", "metalearn-mine"]);
    expect(message).toContain("metalearn-mine exists already, and is not empty.");
    expect(await project.read("metalearn-mine/notes.txt")).toBe("mine");
    expect(await project.read("metalearn-mine/package.json")).toBeUndefined();
  });

  test("a folder that is a file", async () => {
    const project = await emptyProject();
    const args = ["plugin", "create", "metalearn-mine", "--directory", "package.json"];
    expect(await failureOf(project, args)).toContain("package.json exists already");
  });
});
