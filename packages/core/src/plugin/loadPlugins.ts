import { createRequire } from "node:module";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { MetaError, messageOf } from "../errors.js";
import { type Plugin, pluginKeys } from "./plugin.js";

/**
 * Imports the plugins that a config lists. A name is looked up from the config file's folder, as
 * `import` would, and then from where metalearn itself is installed; a name that begins with a dot
 * is a file beside the config.
 *
 * @throws MetaError `MISSING_PLUGIN` when a package is not installed or exports no plugin
 */
export async function loadPlugins(
  names: readonly string[],
  configFile = resolve("metalearn.config.yaml"),
): Promise<Plugin[]> {
  return Promise.all(names.map((name) => loadPlugin(name, configFile)));
}

async function loadPlugin(name: string, configFile: string): Promise<Plugin> {
  const { module, version } = await importFrom(name, configFile);
  const plugin = module.default;
  if (!isPlugin(plugin)) {
    throw new MetaError(
      "MISSING_PLUGIN",
      `"${name}" is not a metalearn plugin: its default export should be definePlugin({ name, ${Object.values(pluginKeys).join(", ")} }).`,
    );
  }
  return { ...plugin, origin: name, ...(version !== undefined && { version }) };
}

async function importFrom(
  name: string,
  configFile: string,
): Promise<{ module: { default?: unknown }; version: string | undefined }> {
  let failure: unknown;
  for (const from of [configFile, import.meta.filename]) {
    const require = createRequire(from);
    let path: string;
    try {
      path = require.resolve(name);
    } catch (error) {
      failure ??= error;
      continue;
    }
    try {
      return { module: await import(pathToFileURL(path).href), version: versionOf(name, require) };
    } catch (cause) {
      throw new MetaError(
        "MISSING_PLUGIN",
        `Plugin "${name}" cannot be loaded: ${messageOf(cause)}`,
        { cause },
      );
    }
  }
  throw new MetaError(
    "MISSING_PLUGIN",
    `Plugin "${name}" is not installed. Try: npm install ${name}`,
    { cause: failure },
  );
}

/** The version in a package's package.json; a file beside the config has none. */
function versionOf(name: string, require: NodeJS.Require): string | undefined {
  if (name.startsWith(".")) return undefined;
  const { version } = require(`${name}/package.json`) as { version?: string };
  return version;
}

function isPlugin(value: unknown): value is Plugin {
  return (
    typeof value === "object" && value !== null && "name" in value && typeof value.name === "string"
  );
}
