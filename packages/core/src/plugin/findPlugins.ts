import { readdirSync } from "node:fs";
import { join } from "node:path";
import { foldersAbove, type InstalledPackage, readManifest } from "./manifest.js";

/** The keyword by which packages say in their package.json that they are plugins. */
export const pluginKeyword = "metalearn-plugin";

/**
 * The plugins that are installed where `file` is: packages with the keyword `metalearn-plugin` in
 * `node_modules` from its folder upwards, by name. None of them is loaded.
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

/** Folders of packages, those within a scope included. */
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
    return []; // there is no such folder
  }
}
