import { readdirSync } from "node:fs";
import { join } from "node:path";
import { foldersAbove, type InstalledPackage, readManifest } from "./manifest.js";

/** Keyword that marks a package as a plugin in its package.json. */
export const pluginKeyword = "metalearn-plugin";

/**
 * Finds the plugins that a file can import: packages with the keyword `metalearn-plugin` in `node_modules`,
 * from the file's folder upwards. They are sorted by name and not loaded.
 */
export function findPlugins(file: string): InstalledPackage[] {
  const found = new Map<string, InstalledPackage>();
  for (const above of foldersAbove(file)) {
    for (const folder of packageFolders(join(above, "node_modules"))) {
      const manifest = readManifest(folder);
      if (!manifest || found.has(manifest.name)) continue; // the nearest one is used
      if (manifest.keywords?.includes(pluginKeyword)) {
        found.set(manifest.name, { folder, manifest });
      }
    }
  }
  return [...found.values()].sort((a, b) => (a.manifest.name < b.manifest.name ? -1 : 1));
}

/** Lists the folders of packages, including those in scopes. */
function packageFolders(modules: string): string[] {
  return entriesOf(modules).flatMap((name) => {
    const folder = join(modules, name);
    return name.startsWith("@") ? entriesOf(folder).map((own) => join(folder, own)) : [folder];
  });
}

function entriesOf(folder: string): string[] {
  try {
    return readdirSync(folder).filter((name) => !name.startsWith("."));
  } catch {
    return []; // the folder does not exist
  }
}
