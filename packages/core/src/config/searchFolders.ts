import { existsSync, type Stats, statSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join, relative, resolve } from "node:path";

/**
 * Folders that are searched for a config, nearest first: the working directory and those above it, up to and including
 * the project's (with a package.json or a .git) or the home folder, and before the first one that others can write to.
 */
export function searchFolders(from = process.cwd()): string[] {
  const folders: string[] = [];
  for (let folder = resolve(from); ; folder = dirname(folder)) {
    const isFirst = folders.length === 0;
    if (!isFirst && othersCanWrite(folder)) return folders;
    folders.push(folder);
    if (isEnd(folder)) return folders;
  }
}

/** True for a project's folder, the home folder and the root. */
function isEnd(folder: string): boolean {
  const marks = ["package.json", ".git"];
  return (
    folder === dirname(folder) ||
    folder === homedir() ||
    marks.some((name) => existsSync(join(folder, name)))
  );
}

/**
 * True if users other than this one and root can change a file or the contents of a folder: another owner, or everyone.
 * Groups do not count, because on many systems every user has a group of their own.
 */
export function othersCanWrite(path: string): boolean {
  const user = process.getuid?.();
  if (user === undefined) return false; // Windows has no such permissions
  let stats: Stats;
  try {
    stats = statSync(path);
  } catch {
    return true;
  }
  return (stats.uid !== user && stats.uid !== 0) || (stats.mode & 0o002) !== 0;
}

/** True for a path in a folder, and for the folder itself. */
export function isWithin(path: string, folder: string): boolean {
  const way = relative(resolve(folder), resolve(path));
  return way === "" || (!way.startsWith("..") && resolve(way) !== way);
}
