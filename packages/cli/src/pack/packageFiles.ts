import { readdirSync, readFileSync } from "node:fs";
import { join, sep } from "node:path";
import type { PackedFile } from "@metalearn/core";

/** What nothing needs that runs: types, maps from built code to sources, and pages to read. */
const unneeded = /(\.map|\.d\.[cm]?ts|\.tsbuildinfo|(^|\/)(README|CHANGELOG)[^/]*\.md)$/i;

/**
 * The files of a package that it needs to run.
 *
 * @param place     where the package goes
 * @param directory where it is; one that is no installed copy gives what `npm publish` would take
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
 * The paths of all files below a folder, in order.
 *
 * @param skip folders that are left out, by name
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
