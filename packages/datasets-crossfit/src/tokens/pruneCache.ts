import { readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";

/** Age of a temporary file from which its process is taken to have been killed. */
const abandonedAfterMs = 3_600_000;

/**
 * Removes files, least recently used first, until a folder takes at most `maxBytes`. A process that has
 * opened a removed file can still read it; others recompute it.
 */
export function pruneCache(directory: string, maxBytes: number): void {
  const files = readdirSync(directory).flatMap((name) => {
    const path = join(directory, name);
    const stat = statSync(path, { throwIfNoEntry: false }); // another process may prune as well
    return stat?.isFile() ? [{ path, size: stat.size, used: stat.mtimeMs }] : [];
  });
  let total = 0;
  for (const { path, size, used } of files.sort((a, b) => b.used - a.used)) {
    total += size;
    const isAbandoned = path.endsWith(".tmp") && Date.now() - used > abandonedAfterMs;
    if (total > maxBytes || isAbandoned) rmSync(path, { force: true });
  }
}
