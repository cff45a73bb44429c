import { readdir } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { cosmiconfig, defaultLoaders, type Loader } from "cosmiconfig";
import { createJiti } from "jiti";
import { MetaError, messageOf } from "../errors.js";
import { describeIssues } from "../plugin/issues.js";
import { unknownName } from "../unknownName.js";
import { type ConfigFile, withBases } from "./extends.js";
import { isObject, type Json, mergeConfig, withoutNulls } from "./merge.js";
import { type Config, configSchema, type RunConfig, runSchema } from "./schema.js";
import { nestSweeps, sweepPoints } from "./sweep.js";

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
 * What the file `extends` lies below it: files by their path from it, and presets.
 *
 * @param overrides changes from the command line, which go over the file
 * @param presets the folder with `{name}.yaml` for every `preset:{name}`
 * @throws MetaError `MISSING_FILE` when there is none; `BAD_CONFIG` when it cannot be read or has
 *   errors; `UNKNOWN_NAME` for an unknown preset; `BAD_OPTION` for an override of `extends`
 */
export async function loadConfig(
  path: string | undefined,
  overrides: Json,
  { presets }: { readonly presets?: string } = {},
): Promise<LoadedConfig> {
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
  if ("extends" in overrides) {
    throw new MetaError("BAD_OPTION", "extends can only be set in a config file.");
  }
  const file = found.filepath;
  const content = await withBases({ file, content: found.config }, async (name, from) => {
    const base = await basePath(name, from, presets);
    const loaded = await read(() => explorer.load(base), base);
    return { file: base, content: loaded?.config } satisfies ConfigFile;
  });
  return { file, config: checkConfig(content, overrides, file) };
}

const presetPrefix = "preset:";

/** The names of the presets in a folder. */
export async function presetNames(folder: string): Promise<string[]> {
  const entries = await readdir(folder);
  return entries
    .filter((entry) => entry.endsWith(".yaml"))
    .map((entry) => entry.slice(0, -".yaml".length))
    .sort();
}

/** The file of a preset. @throws MetaError `UNKNOWN_NAME` */
export async function presetPath(name: string, folder: string): Promise<string> {
  const known = await presetNames(folder);
  if (!known.includes(name)) throw unknownName("preset", name, known);
  return join(folder, `${name}.yaml`);
}

async function basePath(name: string, from: string, presets: string | undefined): Promise<string> {
  if (presets !== undefined && name.startsWith(presetPrefix)) {
    return presetPath(name.slice(presetPrefix.length), presets);
  }
  return resolve(dirname(from), name);
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
  const merged = mergeConfig(nestSweeps(input), overrides);
  return parse(configSchema, withoutNulls(merged, ["compare", "sweep"]), where) as Config;
}

/** The name of a run that has no other. */
const onlyRun = "run";

/**
 * The runs of a config, each with its own changes applied: one per name, point of the grid and seed
 * of `compare`; without any of these, a single one called `run`.
 *
 * @param overrides changes that go over those of the named runs
 * @throws MetaError `BAD_CONFIG` for a run or a grid with errors; `BAD_OPTION` for an override of a
 *   key that a grid has values for
 */
export function runsOf(config: Config, overrides: Json = {}): NamedRun[] {
  const {
    plugins: _plugins,
    out: _out,
    extends: _extends,
    launcher: _launcher,
    compare,
    sweep = {},
    ...shared
  } = config;
  const named = compare?.runs ?? { [onlyRun]: {} };
  const seeds = compare?.seeds ?? [config.seed];
  // `plugins`, `out`, `launcher`, `sweep` and `compare` are of the file, not of a run.
  const ofRuns = Object.fromEntries(
    Object.entries(overrides).filter(([key]) => key in runSchema.shape),
  );
  return Object.entries(named).flatMap(([name, { sweep: own = {}, ...changes }]) => {
    const run = mergeConfig(shared, changes);
    const where = compare ? `compare.runs.${name}` : "the config";
    return sweepPoints(mergeConfig(sweep, gridOf(own, where)), ofRuns).flatMap((point) =>
      seeds.map((seed) => {
        const changed = mergeConfig(mergeConfig(run, point.changes), { ...ofRuns, seed });
        const merged = withoutNulls(changed);
        const place = point.name ? `${where} with ${point.name}` : compare && where;
        const checked = parse(runSchema, merged, place) as RunConfig;
        return { name: runNameOf(name, point.name), config: checked };
      }),
    );
  });
}

function runNameOf(name: string, point: string): string {
  if (point === "") return name;
  return name === onlyRun ? point : `${name},${point}`;
}

function gridOf(sweep: unknown, where: string): Json {
  if (isObject(sweep)) return sweep;
  throw new MetaError(
    "BAD_CONFIG",
    `in ${where}: sweep: wanted keys with lists of values; came ${JSON.stringify(sweep)}.`,
  );
}

function parse(schema: typeof configSchema | typeof runSchema, input: unknown, where?: string) {
  const result = schema.safeParse(input);
  if (result.success) return result.data;
  const issues = describeIssues(result.error, { schema, input });
  const several = issues.includes("\n");
  throw new MetaError(
    "BAD_CONFIG",
    where ? `in ${where}:${several ? "\n" : " "}${issues}` : issues,
  );
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
