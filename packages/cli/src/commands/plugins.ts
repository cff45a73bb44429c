import { join, relative } from "node:path";
import { isMetaError, type Kind, type Plugin } from "@metalearn/core";
import { findPlugins, pluginKeys } from "@metalearn/core/runs";
import type { ConfigFlags } from "../flags.js";
import { loadListed } from "../listedPlugins.js";
import { isOfficial, pluginsWithLaunchers } from "../officialPlugins.js";
import { paint } from "../paint.js";
import { userConfig } from "../session.js";

/** Flags of `metalearn plugins`. */
export interface PluginsFlags extends ConfigFlags {
  readonly json: boolean;
}

/** A plugin that is installed or listed, and whether it can be used. */
interface ListedPlugin {
  /** Name in a config. */
  readonly name: string;
  readonly version?: string | undefined;
  readonly origin: "metalearn" | "config" | "installed";
  /** The file that is loaded, or the folder of a plugin that is not loaded. */
  readonly path?: string | undefined;
  /** Names of its components by kind; absent for a plugin that is not loaded. */
  readonly provides?: Readonly<Partial<Record<Kind, readonly string[]>>>;
  /** Reason why it cannot be used. */
  readonly problem?: string;
}

/**
 * Prints the plugins that the config lists, or metalearn's own, with what they provide, then other installed
 * plugins, which are not loaded.
 */
export async function listPlugins({ config: flag, json }: PluginsFlags): Promise<void> {
  const { file, names } = await listedNames(flag);
  const listed = await Promise.all(names.map((name) => inspect(name, file)));
  const known = new Set(names);
  const others = findPlugins(file).flatMap(({ folder, manifest: { name, version } }) =>
    known.has(name) || isOfficial(name)
      ? []
      : [{ name, version, origin: "installed" as const, path: folder }],
  );
  const plugins: ListedPlugin[] = [...listed, ...others];
  console.log(json ? JSON.stringify(plugins, null, 2) : plugins.map(describe).join("\n"));
}

/**
 * Plugins that the config lists (without a config, the default list), and launchers, which every config may
 * use.
 */
async function listedNames(flag: string | undefined): Promise<{ file: string; names: string[] }> {
  const found = await userConfig(flag);
  const file = found?.file ?? join(process.cwd(), "metalearn.config.yaml");
  return { file, names: pluginsWithLaunchers(found?.config ?? {}) };
}

async function inspect(name: string, configFile: string): Promise<ListedPlugin> {
  const origin = isOfficial(name) ? "metalearn" : "config";
  try {
    const [plugin] = (await loadListed({ plugins: [name], configFile })) as [Plugin];
    return { name, version: plugin.version, origin, path: plugin.file, provides: namesIn(plugin) };
  } catch (error) {
    if (!isMetaError(error)) throw error;
    return { name, origin, problem: error.message };
  }
}

function namesIn(plugin: Plugin): ListedPlugin["provides"] {
  return Object.fromEntries(
    Object.entries(pluginKeys).flatMap(([kind, key]) => {
      const names = Object.keys(plugin[key] ?? {}).sort();
      return names.length > 0 ? [[kind, names]] : [];
    }),
  );
}

function describe({ name, version, origin, path, provides, problem }: ListedPlugin): string {
  const place = origin === "metalearn" || path === undefined ? origin : relativeTo(path);
  const label = version === undefined ? name : `${name} ${version}`;
  const title = `${paint("bold", label, process.stdout)}  (${place})`;
  if (problem !== undefined) return `${title}\n  ${paint("red", problem, process.stdout)}`;
  if (!provides) return `${title}\n  not loaded: list it under "plugins" to use it`;
  return [
    title,
    ...Object.entries(provides).map(([kind, names]) => `  ${kind}: ${names.join(", ")}`),
  ].join("\n");
}

function relativeTo(path: string): string {
  const shown = relative(process.cwd(), path);
  return shown.startsWith("..") ? path : `.${shown && `/${shown}`}`;
}
