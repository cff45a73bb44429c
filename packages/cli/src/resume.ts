import { existsSync } from "node:fs";
import { MetaError } from "@metalearn/core";
import { runDirectory } from "@metalearn/core/runs";

/**
 * What `--resume` asks for: that there is something to go on from.
 *
 * @param directories of runs, one of which must have been begun
 * @throws MetaError `MISSING_FILE`
 */
export function requireBegun(directories: readonly string[]): void {
  if (directories.some((directory) => existsSync(runDirectory(directory).record))) return;
  throw new MetaError(
    "MISSING_FILE",
    `There is nothing to resume: no run has been begun in ${directories.join(", ")}. Leave --resume out to begin.`,
  );
}
