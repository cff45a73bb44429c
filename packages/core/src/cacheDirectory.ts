import { homedir } from "node:os";
import { join } from "node:path";

/**
 * The per-user folder for what can be had again: engines that `metalearn setup` provides, and
 * tokenised data. It is `METALEARN_CACHE`, else the platform's place for caches, and may not exist yet.
 */
export function cacheDirectory(): string {
  const { METALEARN_CACHE, XDG_CACHE_HOME } = process.env;
  if (METALEARN_CACHE) return METALEARN_CACHE;
  if (process.platform === "darwin") return join(homedir(), "Library", "Caches", "metalearn");
  return join(XDG_CACHE_HOME || join(homedir(), ".cache"), "metalearn");
}
