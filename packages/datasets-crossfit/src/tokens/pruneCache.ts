import { readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";

/** Old enough to be left over from a process that was killed. */
const abandonedAfterMs = 3_600_000;

/**
 * Removes files until a folder takes at most `maxBytes`: those that were not used for the longest
 * time first. Whoever reads one of them at this moment reads it to its end, or makes it anew.
 */
export function pruneCache(directory: string, maxBytes: number): void {
  const files = readdirSync(directory).flatMap((name) => {
    const path = join(directory, name);
    const stat = statSync(path, { throwIfNoEntry: false }); // another process prunes as well
    return stat?.isFile() ? [{ path, size: stat.size, used: stat.mtimeMs }] : [];
  });
  let total = 0;
  for (const { path, size, used } of files.sort((a, b) => b.used - a.used)) {
    total += size;
    const isAbandoned = path.endsWith(".tmp") && Date.now() - used > abandonedAfterMs;
    if (total > maxBytes || isAbandoned) rmSync(path, { force: true });
  }
}
