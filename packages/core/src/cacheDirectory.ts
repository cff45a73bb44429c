import { homedir } from "node:os";
import { join } from "node:path";

/**
 * Path of the per-user cache folder, for engines that `metalearn setup` installs and for tokenized data. It
 * is `METALEARN_CACHE` of the environment, or else the platform's default. The folder may not exist yet.
 */
export function cacheDirectory(): string {
  const { METALEARN_CACHE, XDG_CACHE_HOME } = process.env;
  if (METALEARN_CACHE) return METALEARN_CACHE;
  if (process.platform === "darwin") return join(homedir(), "Library", "Caches", "metalearn");
  return join(XDG_CACHE_HOME || join(homedir(), ".cache"), "metalearn");
}
