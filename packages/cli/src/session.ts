import { join } from "node:path";
import {
  type Config,
  checkConfig,
  createToolkit,
  findConfig,
  type LoadedConfig,
  loadConfig,
  type NamedRuns,
  parseOverrides,
  type RunRecord,
  runsOf,
  type Toolkit,
} from "@metalearn/core/runs";
import {
  listOf,
  loadListed,
  loadLists,
  type PluginList,
  recordedToolkit,
} from "./listedPlugins.js";
import { isOfficial, pluginsWithLaunchers } from "./officialPlugins.js";

/** Folder of presets, `{name}.yaml`, for `extends: preset:{name}` and `metalearn init`. */
export const presetFolder = join(import.meta.dirname, "../presets");

/** Options of the search for configs. The user is told when one is code, which may do anything. */
const places = {
  presets: presetFolder,
  onCode: (file: string) => console.error(`Config: ${file}`),
};

/** Options of sessions for checkpoints. */
interface CheckpointPlugins {
  /** Plugins that the command line names, to be loaded beside those of the config. @default none */
  readonly named?: readonly string[];
}

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
 * @param options training seeds from the command line, which like `seed=1` replace those of the file
 */
export async function openSession(
  configFlag: string | undefined,
  changes: readonly string[],
  { seeds, named }: CheckpointPlugins & { readonly seeds?: readonly number[] | undefined } = {},
): Promise<Session> {
  const overrides = parseOverrides(changes);
  return sessionOf(await loadConfig(configFlag, { overrides, seeds, ...places }), named);
}

/**
 * Opens a session with the config found in the working folder or above, if there is one.
 *
 * @param outside a checkpoint, whose own configs are ignored
 */
export async function openFoundSession(
  changes: readonly string[],
  outside: string,
  { named }: CheckpointPlugins = {},
): Promise<Session | undefined> {
  const found = await findConfig({ overrides: parseOverrides(changes), outside, ...places });
  return found && sessionOf(found, named);
}

/** Reads the named config, or else the one found in the working folder or above, if there is one. */
export async function userConfig(flag: string | undefined): Promise<LoadedConfig | undefined> {
  return flag === undefined ? findConfig(places) : loadConfig(flag, places);
}

/**
 * Opens a session for an earlier run, with changes from the command line.
 *
 * @param directory directory of the run, whose own configs are ignored
 * @param named plugins that the command line names
 * @throws MetaError `UNTRUSTED_PLUGIN` for a plugin that neither the command line nor the user's config names
 */
export async function reopenSession(
  { config: before, ...record }: RunRecord,
  {
    changes,
    directory,
    named,
  }: {
    readonly changes: readonly string[];
    readonly directory: string;
    readonly named: readonly string[];
  },
): Promise<Session> {
  const config = checkConfig(before, { overrides: parseOverrides(changes) });
  const runs = runsOf(config);
  const lists: PluginList[] = [{ plugins: named }];
  const isCovered = (name: string) => isOfficial(name) || named.includes(name);
  if (!record.plugins.every(isCovered)) {
    const own = await findConfig({ outside: directory, ...places });
    if (own) lists.push(listOf(own));
  }
  const toolkit = await recordedToolkit(record, lists, { plugins: named });
  return { config, file: record.configFile, toolkit, runs };
}

/** Toolkit of every plugin that a config may name, launchers included. */
export async function toolkitWithLaunchers({
  config,
  file,
}: {
  readonly config: Pick<Config, "plugins">;
  readonly file?: string | undefined;
}): Promise<Toolkit> {
  return createToolkit(
    await loadListed({ plugins: pluginsWithLaunchers(config), configFile: file }),
  );
}

async function sessionOf(loaded: LoadedConfig, named: readonly string[] = []): Promise<Session> {
  const { config, file } = loaded;
  const runs = runsOf(config);
  const plugins = await loadLists([listOf(loaded), { plugins: named }]);
  return { config, file, toolkit: createToolkit(plugins), runs };
}
