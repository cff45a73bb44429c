import { dirname, isAbsolute, resolve } from "node:path";
import { MetaError, type Plugin } from "@metalearn/core";
import { createToolkit, loadPlugins, type Toolkit } from "@metalearn/core/runs";
import { isOfficial, pluginsOf } from "./officialPlugins.js";

/** A list of plugins, and the config file that it is from: paths in it are relative to that file's folder. */
export interface PluginList {
  readonly plugins: readonly string[];
  readonly configFile?: string | undefined;
}

/**
 * Loads plugins that the user has named. Metalearn's own are loaded from this command's installation, never from the
 * `node_modules` beside the config.
 *
 * @throws the errors of `loadPlugins`
 */
export async function loadListed({ plugins, configFile }: PluginList): Promise<Plugin[]> {
  const own = await loadPlugins(plugins.filter(isOfficial), import.meta.filename);
  const others = await loadPlugins(
    plugins.filter((name) => !isOfficial(name)),
    configFile,
  );
  const byName = new Map([...own, ...others].map((plugin) => [plugin.origin, plugin]));
  return plugins.map((name) => byName.get(name) as Plugin);
}

/** Loads the plugins of several lists, as {@link loadListed} does, each once. */
export async function loadLists(lists: readonly PluginList[]): Promise<Plugin[]> {
  const loaded = (await Promise.all(lists.map(loadListed))).flat();
  return [...new Map(loaded.map((plugin) => [plugin.file, plugin])).values()];
}

/**
 * Makes the toolkit for an earlier run. A run may come from anywhere, and plugins are code: its record only tells which
 * plugins are needed; those that the user names are loaded, from where the user names them.
 *
 * @param recorded plugins in the run's record
 * @param named plugins that the user names, on the command line and in their own config
 * @param added plugins that are loaded as well, for changes to the run's config
 * @throws MetaError `UNTRUSTED_PLUGIN` for a plugin that the user has not named
 */
export async function recordedToolkit(
  recorded: PluginList,
  named: readonly PluginList[],
  added: PluginList,
): Promise<Toolkit> {
  const lists: PluginList[] = [{ plugins: recorded.plugins.filter(isOfficial) }];
  for (const name of recorded.plugins.filter((each) => !isOfficial(each))) {
    const found = named.flatMap((list) => pluginIn(list, name, recorded));
    if (!found[0]) throw untrusted(name, recorded);
    lists.push(found[0]);
  }
  return createToolkit(await loadLists([...lists, added]));
}

/** True if a plugin that the command line names is one of a run's record. */
export function isRecorded(name: string, recorded: PluginList): boolean {
  const own = { plugins: [name] };
  return recorded.plugins.some((each) => pluginIn(own, each, recorded).length > 0);
}

/** A plugin of a record in the user's list, if it is there: of the same file, or else of the same name. */
function pluginIn(list: PluginList, name: string, recorded: PluginList): PluginList[] {
  const path = fileOf(name, recorded.configFile);
  const sameFile = (own: string) => path !== undefined && fileOf(own, list.configFile) === path;
  const own = list.plugins.find(sameFile) ?? list.plugins.find((each) => each === name);
  return own === undefined ? [] : [{ ...list, plugins: [own] }];
}

/** Path of the file that a name refers to; undefined for a package. */
function fileOf(name: string, configFile: string | undefined): string | undefined {
  return name.startsWith(".") || isAbsolute(name)
    ? resolve(configFile === undefined ? "." : dirname(configFile), name)
    : undefined;
}

function untrusted(name: string, { configFile }: PluginList): MetaError {
  const path = fileOf(name, configFile);
  const place = path === undefined ? "" : ` (${path})`;
  return new MetaError(
    "UNTRUSTED_PLUGIN",
    `The run was made with the plugin "${name}"${place}, which neither the command line nor a config of yours names. Plugins are code, and are not loaded because a run's folder says so. If you trust it, add: --plugin ${name}`,
  );
}

/** The plugins that a config lists. */
export function listOf({
  config,
  file,
}: {
  readonly config: { readonly plugins?: readonly string[] | undefined };
  readonly file: string | undefined;
}): PluginList {
  return { plugins: pluginsOf(config), configFile: file };
}
