import { isMetaError, type MetaError, type Plugin } from "@metalearn/core";
import type { LoadedConfig } from "@metalearn/core/runs";
import type { PluginFlags } from "./flags.js";
import { loadListed } from "./listedPlugins.js";
import { officialPlugins, pluginsOf } from "./officialPlugins.js";
import { userConfig } from "./session.js";

/**
 * Loads the plugins that may offer commands for data and machines: metalearn's own, those that the user's
 * config lists, and those that the command line names. Other installed plugins are never loaded.
 *
 * @throws MetaError for a config or a plugin that cannot be loaded
 */
export async function askedPlugins(flags: PluginFlags): Promise<Plugin[]> {
  return loadNamed(await userConfig(flags.config), flags.plugin);
}

/**
 * Loads metalearn's plugins, those of a config and those that are named, each once.
 *
 * @param onError called with the error of a plugin that cannot be loaded; without it, the error is thrown
 */
export async function loadNamed(
  config: LoadedConfig | undefined,
  names: readonly string[],
  onError?: (name: string, error: MetaError) => void,
): Promise<Plugin[]> {
  const load = async (name: string, configFile?: string) => {
    try {
      return await loadListed({ plugins: [name], configFile });
    } catch (error) {
      if (!onError || !isMetaError(error)) throw error;
      onError(name, error);
      return [];
    }
  };
  const listed = new Set([...officialPlugins, ...pluginsOf(config?.config ?? {})]);
  const loaded = await Promise.all([
    ...[...listed].map((name) => load(name, config?.file)),
    ...names.map((name) => load(name)),
  ]);
  return [...new Map(loaded.flat().map((plugin) => [plugin.file, plugin])).values()];
}
