import { join } from "node:path";
import {
  type Config,
  checkConfig,
  createToolkit,
  findConfig,
  type LoadedConfig,
  loadConfig,
  loadPlugins,
  type NamedRuns,
  parseOverrides,
  type RunRecord,
  runsOf,
  type Toolkit,
} from "@metalearn/core/runs";
import { pluginsOf, pluginsWithLaunchers } from "./officialPlugins.js";

/** Folder of presets, `{name}.yaml`, for `extends: preset:{name}` and `metalearn init`. */
export const presetFolder = join(import.meta.dirname, "../presets");

/** A config with the plugins that it lists and its runs. */
export interface Session {
  readonly config: Config;
  /** Config file, to which paths in the config are relative. */
  readonly file: string | undefined;
  readonly toolkit: Toolkit;
  readonly runs: NamedRuns;
}

/**
 * Reads the config, loads its plugins and names its runs.
 *
 * @param changes from the command line, such as `train.steps=500`
 * @param seeds training seeds from the command line; like `seed=1`, they replace those of the file
 */
export async function openSession(
  configFlag: string | undefined,
  changes: readonly string[],
  seeds?: readonly number[],
): Promise<Session> {
  const overrides = parseOverrides(changes);
  return sessionOf(await loadConfig(configFlag, { overrides, seeds, presets: presetFolder }));
}

/** Opens a session with the config found in the working folder or above, if there is one. */
export async function openFoundSession(changes: readonly string[]): Promise<Session | undefined> {
  const found = await findConfig({ overrides: parseOverrides(changes), presets: presetFolder });
  return found && sessionOf(found);
}

/** Path of the named config, or else of the one found in the working folder or above, if there is one. */
export async function userConfig(flag: string | undefined): Promise<LoadedConfig | undefined> {
  const options = { presets: presetFolder };
  return flag === undefined ? findConfig(options) : loadConfig(flag, options);
}

/** Opens a session for an earlier run, with changes from the command line. */
export async function reopenSession(
  { config: before, ...record }: RunRecord,
  changes: readonly string[],
): Promise<Session> {
  const config = checkConfig(before, { overrides: parseOverrides(changes) });
  const runs = runsOf(config);
  return { config, file: record.configFile, toolkit: await recordedToolkit(record), runs };
}

/**
 * Toolkit of the plugins named in a file that metalearn wrote, such as a run's record. This is the one place
 * that loads plugins which neither the user's config nor the command line has named.
 */
export async function recordedToolkit({
  plugins,
  configFile,
}: {
  readonly plugins: readonly string[];
  readonly configFile?: string | undefined;
}): Promise<Toolkit> {
  return createToolkit(await loadPlugins(plugins, configFile));
}

/** Toolkit of every plugin that a config may name, launchers included. */
export async function toolkitWithLaunchers({
  config,
  file,
}: {
  readonly config: Pick<Config, "plugins">;
  readonly file?: string | undefined;
}): Promise<Toolkit> {
  return createToolkit(await loadPlugins(pluginsWithLaunchers(config), file));
}

async function sessionOf({ config, file }: LoadedConfig): Promise<Session> {
  const runs = runsOf(config);
  const plugins = await loadPlugins(pluginsOf(config), file);
  return { config, file, toolkit: createToolkit(plugins), runs };
}
