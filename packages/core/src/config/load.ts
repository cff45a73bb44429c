import { readdir } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { cosmiconfig, defaultLoaders, type Loader } from "cosmiconfig";
import { createJiti } from "jiti";
import { MetaError, messageOf } from "../errors.js";
import { unknownName } from "../unknownName.js";
import { type Config, type ConfigChanges, checkConfig } from "./checkConfig.js";
import { type ConfigFile, withBases } from "./extends.js";

/** A config and the file that it was read from. */
export interface LoadedConfig {
  readonly file: string;
  readonly config: Config;
}

/** Options of {@link loadConfig}. */
export interface LoadConfigOptions extends ConfigChanges {
  /** Folder of presets: `{name}.yaml` for `preset:{name}`. */
  readonly presets?: string;
}

/** Loader of TypeScript configs, which may import other TypeScript files. */
const loadTypeScript: Loader = (path) =>
  createJiti(import.meta.url).import(path, { default: true });

/**
 * Reads and checks a config file ({@link checkConfig}), merged over the files and presets that it extends.
 *
 * @param path the file. @default the one that {@link findConfig} finds
 * @throws MetaError `MISSING_FILE` when there is none; `BAD_CONFIG` when it cannot be parsed or has
 *   errors; `UNKNOWN_NAME` for an unknown preset; `BAD_OPTION` for an override of `extends`
 */
export async function loadConfig(
  path: string | undefined,
  options: LoadConfigOptions = {},
): Promise<LoadedConfig> {
  const found = await findFile(path);
  if (found) return withOptions(found, options);
  throw new MetaError(
    "MISSING_FILE",
    path
      ? `${path}: expected keys and values, got an empty file.`
      : "Expected a metalearn.config.yaml (or .json, .js, .ts) in this folder or above, found none. Name one with --config.",
  );
}

/**
 * Finds and reads a config: the first of `metalearn.config.{yaml,yml,json,js,mjs,ts}`, `.metalearnrc` and
 * the `metalearn` key of package.json, from the working directory upwards.
 *
 * @returns nothing if there is no config
 * @throws MetaError as {@link loadConfig}
 */
export async function findConfig(
  options: LoadConfigOptions = {},
): Promise<LoadedConfig | undefined> {
  const found = await findFile(undefined);
  return found && withOptions(found, options);
}

function openExplorer() {
  return cosmiconfig("metalearn", {
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
}

async function findFile(path: string | undefined): Promise<ConfigFile | undefined> {
  const explorer = openExplorer();
  const found = await read(() => (path ? explorer.load(resolve(path)) : explorer.search()), path);
  return found && !found.isEmpty ? { file: found.filepath, content: found.config } : undefined;
}

async function withOptions(
  { file, content }: ConfigFile,
  { presets, ...changes }: LoadConfigOptions,
): Promise<LoadedConfig> {
  if (changes.overrides && "extends" in changes.overrides) {
    throw new MetaError(
      "BAD_OPTION",
      "extends: expected in a config file, got an override. Write it in the file.",
    );
  }
  const explorer = openExplorer();
  const whole = await withBases({ file, content }, async (name, from) => {
    const base = await basePath(name, from, presets);
    const loaded = await read(() => explorer.load(base), base);
    return { file: base, content: loaded?.config } satisfies ConfigFile;
  });
  return { file, config: checkConfig(whole, changes, file) };
}

const presetPrefix = "preset:";

/** Names of the presets in a folder, sorted. */
async function presetNames(folder: string): Promise<string[]> {
  const entries = await readdir(folder);
  return entries
    .filter((entry) => entry.endsWith(".yaml"))
    .map((entry) => entry.slice(0, -".yaml".length))
    .sort();
}

/** Finds the file of a preset. @throws MetaError `UNKNOWN_NAME` */
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

async function read<T>(load: () => Promise<T>, path: string | undefined): Promise<T> {
  try {
    return await load();
  } catch (cause) {
    const missing = (cause as NodeJS.ErrnoException).code === "ENOENT";
    if (missing && path) {
      throw new MetaError("MISSING_FILE", `${path}: expected a config file, found none.`, {
        cause,
      });
    }
    throw new MetaError(
      "BAD_CONFIG",
      `${path ?? "config"}: expected a config that can be parsed, got: ${messageOf(cause)}`,
      { cause },
    );
  }
}
