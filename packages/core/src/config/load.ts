import { readdir } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { MetaError } from "../errors.js";
import { unknownName } from "../text/unknownName.js";
import { type Config, type ConfigChanges, checkConfig } from "./checkConfig.js";
import { type ConfigFile, withBases } from "./extends.js";
import { type BeforeCode, findInFolder, readConfigFile } from "./readConfigFile.js";
import { isWithin, othersCanWrite, searchFolders } from "./searchFolders.js";

/** A config and the file that it was read from. */
export interface LoadedConfig {
  readonly file: string;
  readonly config: Config;
}

/** Options of {@link loadConfig}. */
export interface LoadConfigOptions extends ConfigChanges {
  /** Folder of presets: `{name}.yaml` for `preset:{name}`. */
  readonly presets?: string;
  /** Called with the path of a config that was found, not named, and is code, before it runs. */
  readonly onCode?: (file: string) => void;
}

/** Options of {@link findConfig}. */
interface FindConfigOptions extends LoadConfigOptions {
  /** A folder or file whose configs are ignored, such as a run from someone else. */
  readonly outside?: string | undefined;
}

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
  const loaded = path === undefined ? await findConfig(options) : await namedConfig(path, options);
  if (loaded) return loaded;
  throw new MetaError(
    "MISSING_FILE",
    path
      ? `${path}: expected keys and values, got an empty file.`
      : "Expected a metalearn.config.yaml (or .json, .js, .ts) in this folder or above, found none. Name one with --config.",
  );
}

/**
 * Finds and reads a config: the first of `metalearn.config.{yaml,yml,json,js,mjs,ts}`, `.metalearnrc` and
 * the `metalearn` key of package.json, from the working directory upwards, to the project, the home folder or the
 * first folder that others can write to.
 *
 * @returns undefined if there is no config
 * @throws MetaError as {@link loadConfig}; `BAD_CONFIG` for a config that is code, or names plugins other than
 *   metalearn's own, in a folder that others can write to
 */
export async function findConfig({
  onCode,
  outside,
  ...options
}: FindConfigOptions = {}): Promise<LoadedConfig | undefined> {
  const beforeCode = (file: string) => {
    if (canBeChanged(file)) throw changeable(file, "it is code");
    onCode?.(file);
  };
  for (const folder of searchFolders()) {
    if (outside !== undefined && isWithin(folder, outside)) continue;
    const found = await findInFolder(folder, beforeCode);
    if (!found) continue;
    const loaded = await withOptions(found, options, beforeCode);
    const foreign = loaded.config.plugins?.find((name) => !name.startsWith("@metalearn/"));
    if (foreign !== undefined && canBeChanged(found.file)) {
      throw changeable(found.file, `it loads the plugin "${foreign}"`);
    }
    return loaded;
  }
  return undefined;
}

async function namedConfig(path: string, options: LoadConfigOptions) {
  const found = await readConfigFile(resolve(path));
  return found && withOptions(found, options);
}

/** True if others can write to a config or its folder. */
function canBeChanged(file: string): boolean {
  return othersCanWrite(file) || othersCanWrite(dirname(file));
}

function changeable(file: string, why: string): MetaError {
  return new MetaError(
    "BAD_CONFIG",
    `${file} is not loaded automatically: ${why}, and others can write to it or its folder. If you trust it, name it with --config.`,
  );
}

async function withOptions(
  { file, content }: ConfigFile,
  { presets, overrides, seeds }: LoadConfigOptions,
  beforeCode?: BeforeCode,
): Promise<LoadedConfig> {
  if (overrides && "extends" in overrides) {
    throw new MetaError(
      "BAD_OPTION",
      "extends: expected in a config file, got an override. Write it in the file.",
    );
  }
  const whole = await withBases({ file, content }, async (name, from) => {
    const base = await basePath(name, from, presets);
    return (await readConfigFile(base, beforeCode)) ?? { file: base, content: undefined };
  });
  return { file, config: checkConfig(whole, { overrides, seeds }, file) };
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
