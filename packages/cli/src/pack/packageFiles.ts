import { readdirSync, readFileSync } from "node:fs";
import { join, sep } from "node:path";
import type { PackedFile } from "@metalearn/core";

/** Files that running code does not need: types, source maps and documentation. */
const unneeded = /(\.map|\.d\.[cm]?ts|\.tsbuildinfo|(^|\/)(README|CHANGELOG)[^/]*\.md)$/i;

/**
 * Files that a package needs to run.
 *
 * @param place     path of the package in the archive
 * @param directory of the package; for one that is not an installed copy, the files that `npm publish` would
 *   take
 */
export function packageFiles(place: string, directory: string): PackedFile[] {
  const isInstalled = directory.split(sep).includes("node_modules");
  const published = isInstalled ? undefined : publishedNames(directory);
  return filesBelow(directory, "node_modules")
    .filter((path) => !unneeded.test(path))
    .filter((path) => published === undefined || published.has(path.split("/")[0] as string))
    .map((path) => ({ path: `${place}/${path}`, source: join(directory, path) }));
}

/**
 * Paths of all files below a folder, sorted.
 *
 * @param skip name of folders that are left out
 */
export function filesBelow(directory: string, skip = "", prefix = ""): string[] {
  const entries = readdirSync(join(directory, prefix), { withFileTypes: true });
  return entries
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = prefix === "" ? entry.name : `${prefix}/${entry.name}`;
      if (!entry.isDirectory()) return [path];
      return entry.name === skip ? [] : filesBelow(directory, skip, path);
    });
}

function publishedNames(directory: string): Set<string> {
  const { files = [] } = JSON.parse(readFileSync(join(directory, "package.json"), "utf8")) as {
    files?: string[];
  };
  return new Set(["package.json", "LICENSE", ...files.map((name) => name.split("/")[0] as string)]);
}
