import { resolve } from "node:path";
import { cosmiconfig, defaultLoaders, type Loader } from "cosmiconfig";
import { createJiti } from "jiti";
import { MetaError, messageOf } from "../errors.js";
import { describeIssues } from "./issues.js";
import { isObject, type Json, mergeConfig } from "./merge.js";
import { type Config, configSchema, type RunConfig, runSchema } from "./schema.js";

/** A config file and where it was found. */
export interface LoadedConfig {
  readonly file: string;
  readonly config: Config;
}

/** One run of a config. */
export interface NamedRun {
  readonly name: string;
  readonly config: RunConfig;
}

/** TypeScript configs may import other TypeScript files. */
const loadTypeScript: Loader = (path) =>
  createJiti(import.meta.url).import(path, { default: true });

/**
 * Finds and checks a config file: `path`, or the first of `metalearn.config.{yaml,yml,json,js,mjs,
 * ts}`, `.metalearnrc` and the `metalearn` key of package.json from the working directory upwards.
 *
 * @param overrides changes from the command line, which go over the file
 * @throws MetaError `MISSING_FILE` when there is none; `BAD_CONFIG` when it cannot be read or has errors
 */
export async function loadConfig(path: string | undefined, overrides: Json): Promise<LoadedConfig> {
  const explorer = cosmiconfig("metalearn", {
    searchPlaces: [
      ...["yaml", "yml", "json", "js", "mjs", "cjs", "ts", "mts"].map(
        (extension) => `metalearn.config.${extension}`,
      ),
      ".metalearnrc",
      "package.json",
    ],
    searchStrategy: "project",
    loaders: { ...defaultLoaders, ".ts": loadTypeScript, ".mts": loadTypeScript },
  });
  const found = await read(() => (path ? explorer.load(resolve(path)) : explorer.search()), path);
  if (!found || found.isEmpty) {
    throw new MetaError(
      "MISSING_FILE",
      path
        ? `${path} is empty.`
        : "There is no metalearn.config.yaml (or .json, .js, .ts) here or above. Name one with --config.",
    );
  }
  return { file: found.filepath, config: checkConfig(found.config, overrides, found.filepath) };
}

/** Checks a config that is at hand as an object. @throws MetaError `BAD_CONFIG` */
export function checkConfig(input: unknown, overrides: Json = {}, where?: string): Config {
  if (!isObject(input)) {
    const came = Array.isArray(input) ? "a list" : `${JSON.stringify(input)}`.slice(0, 40);
    throw new MetaError(
      "BAD_CONFIG",
      `${where ?? "The config"} should hold keys and values, but holds ${came}.`,
    );
  }
  const merged = mergeConfig(input, overrides);
  return parse(configSchema, merged, where) as Config;
}

/**
 * The runs of a config, each with its own changes applied: one per name and seed of `compare`, or
 * a single one called `run`.
 *
 * @param overrides changes that go over those of the named runs
 */
export function runsOf(config: Config, overrides: Json = {}): NamedRun[] {
  const { plugins: _plugins, out: _out, launcher: _launcher, compare, ...shared } = config;
  const named = compare?.runs ?? { run: {} };
  const seeds = compare?.seeds ?? [config.seed];
  // `plugins`, `out`, `launcher` and `compare` are of the file, not of a run.
  const ofRuns = Object.fromEntries(
    Object.entries(overrides).filter(([key]) => key in runSchema.shape),
  );
  return Object.entries(named).flatMap(([name, changes]) =>
    seeds.map((seed) => {
      const merged = mergeConfig(mergeConfig(shared, changes), { ...ofRuns, seed });
      const where = compare ? `compare.runs.${name}` : undefined;
      return { name, config: parse(runSchema, merged, where) as RunConfig };
    }),
  );
}

function parse(schema: typeof configSchema | typeof runSchema, input: unknown, where?: string) {
  const result = schema.safeParse(input);
  if (result.success) return result.data;
  const issues = describeIssues(result.error, { schema, input });
  throw new MetaError("BAD_CONFIG", where ? `in ${where}:\n${issues}` : issues);
}

async function read<T>(load: () => Promise<T>, path: string | undefined): Promise<T> {
  try {
    return await load();
  } catch (cause) {
    const missing = (cause as NodeJS.ErrnoException).code === "ENOENT";
    if (missing && path) {
      throw new MetaError("MISSING_FILE", `There is no config file ${path}.`, { cause });
    }
    throw new MetaError(
      "BAD_CONFIG",
      `The config${path ? ` ${path}` : ""} cannot be read: ${messageOf(cause)}`,
      { cause },
    );
  }
}
