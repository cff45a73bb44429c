import { createRequire } from "node:module";
import { resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { createJiti } from "jiti";
import { MetaError, messageOf } from "../errors.js";
import { importInCharge } from "./inCharge.js";
import { packageOf } from "./manifest.js";
import { type Plugin, pluginKeys } from "./plugin.js";
import { requirePeers } from "./requirePeers.js";

/**
 * Imports the plugins that a config lists. Packages are resolved from the config file's folder, and then
 * from where metalearn itself is installed. A name that starts with a dot is a file, relative to the config.
 *
 * @throws MetaError `MISSING_PLUGIN` when a package is not installed or exports no plugin;
 *   `DUPLICATE_NAME` when one is listed twice; `WRONG_VERSION` when a package is built for another
 *   version of core or of another peer; `MISSING_PEER` when a peer is not installed
 */
export async function loadPlugins(
  names: readonly string[],
  configFile = resolve("metalearn.config.yaml"),
): Promise<Plugin[]> {
  const twice = names.find((name, i) => names.indexOf(name) < i);
  if (twice !== undefined) {
    throw new MetaError(
      "DUPLICATE_NAME",
      `plugins: expected each plugin once, got "${twice}" twice.`,
    );
  }
  return Promise.all(names.map((name) => loadPlugin(name, configFile)));
}

async function loadPlugin(name: string, configFile: string): Promise<Plugin> {
  const file = resolvePlugin(name, configFile);
  // A file relative to the config belongs to the user's own package, which has no peers to check.
  const owner = name.startsWith(".") ? undefined : packageOf(file);
  if (owner) requirePeers(owner);
  const plugin = await importPlugin(name, file);
  const version = owner?.manifest.version;
  return { ...plugin, origin: name, file, ...(version !== undefined && { version }) };
}

async function importPlugin(name: string, file: string): Promise<Plugin> {
  let plugin: unknown;
  try {
    const { href } = pathToFileURL(file);
    const module = await importInCharge(name, () => import(href) as Promise<{ default?: unknown }>);
    plugin = module.default;
  } catch (cause) {
    throw new MetaError(
      "MISSING_PLUGIN",
      `Plugin "${name}" cannot be loaded: ${messageOf(cause)}`,
      { cause },
    );
  }
  if (isPlugin(plugin)) return plugin;
  throw new MetaError(
    "MISSING_PLUGIN",
    `"${name}" is not a metalearn plugin. Its default export must be definePlugin({ name, ${Object.values(pluginKeys).join(", ")} }).`,
  );
}

/** Resolves the name of a plugin in a config to a file. @throws MetaError `MISSING_PLUGIN` */
function resolvePlugin(name: string, configFile: string): string {
  let failure: unknown;
  for (const from of [configFile, import.meta.filename]) {
    try {
      return resolveFrom(name, from);
    } catch (error) {
      failure ??= error;
    }
  }
  throw new MetaError(
    "MISSING_PLUGIN",
    name.startsWith(".")
      ? `plugins: expected a file ${name}, relative to the config, found none. Is the plugin built?`
      : `Plugin "${name}" is not installed. Try: npm install ${name}`,
    { cause: failure },
  );
}

function resolveFrom(name: string, from: string): string {
  try {
    return createRequire(from).resolve(name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ERR_PACKAGE_PATH_NOT_EXPORTED") throw error;
    return fileURLToPath(createJiti(from).esmResolve(name)); // for packages that export only an `import` condition
  }
}

function isPlugin(value: unknown): value is Plugin {
  return (
    typeof value === "object" && value !== null && "name" in value && typeof value.name === "string"
  );
}
