import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, expect } from "vitest";
import { type CommandOptions, type Finished, run } from "./command.js";

/** Config of a quick run: a model with one layer on generated tasks. */
export const tinyRun = {
  runtime: { use: "wasm" },
  model: {
    use: "gpt2",
    tokenizer: "byte",
    layers: 1,
    width: 16,
    heads: 2,
    maxTokens: 64,
    initializerRange: 0.5, // so that answers depend on the demonstrations from the beginning
  },
  tasks: { use: "crossfit", root: "data", setting: "generated", shots: 2 },
  learner: { use: "metaicl" },
  optimizer: { use: "adamw", learningRate: 0.01, schedule: "linear", clipNorm: 1 },
  train: { steps: 8, batchSize: 2, logEvery: 2 },
  evaluate: { seeds: [100, 13] },
};

/** A user's folder. */
export interface Project {
  readonly folder: string;
  path(...parts: string[]): string;
  write(path: string, content: unknown): Promise<void>;
  /** Reads a file's text; undefined when it does not exist. */
  read(path: string): Promise<string | undefined>;
  json<T>(path: string): Promise<T>;
  metalearn(args: readonly string[], env?: CommandOptions["env"]): Promise<Finished>;
}

const folders: string[] = [];
afterAll(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true }))));

/** Creates a folder with only `metalearn.config.yaml`, which is removed after the tests of a file. */
export async function emptyProject(config?: unknown): Promise<Project> {
  const folder = await mkdtemp(join(tmpdir(), "metalearn-cli-"));
  folders.push(folder);
  const path = (...parts: string[]) => join(folder, ...parts);
  const read = (name: string) => readFile(path(name), "utf8").catch(() => undefined);
  const project: Project = {
    folder,
    path,
    read,
    async write(name, content) {
      await mkdir(dirname(path(name)), { recursive: true });
      const text = typeof content === "string" ? content : JSON.stringify(content, null, 2);
      await writeFile(path(name), text);
    },
    async json<T>(name: string) {
      return JSON.parse((await read(name)) ?? `"there is no ${name}"`) as T;
    },
    metalearn: (args, env = {}) => run(args, { cwd: folder, env }),
  };
  await project.write("package.json", {}); // the search for a config stops here
  if (config !== undefined) await project.write("metalearn.config.yaml", config); // JSON is YAML
  return project;
}

/**
 * Error message of a command that must fail and print no result.
 *
 * @param exitCode by default that of wrong input
 */
export async function failureOf(
  project: Project,
  args: readonly string[],
  exitCode = 2,
): Promise<string> {
  const { code, stdout, stderr } = await project.metalearn(args);
  expect({ code, stdout }).toEqual({ code: exitCode, stdout: "" });
  return stderr;
}
