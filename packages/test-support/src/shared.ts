import { existsSync } from "node:fs";
import { join, resolve } from "node:path";

/** Folder with reference numbers and real task data, which is not part of the repository. */
const sharedFolder = resolve(
  process.env.METALEARN_SHARED ?? join(import.meta.dirname, "../../../../shared"),
);

/** A path below the shared folder. */
export function shared(...parts: string[]): string {
  return join(sharedFolder, ...parts);
}

/** Reason why tests of a part of the shared folder cannot run here; `undefined` when they can. */
export function missing(...parts: string[]): string | undefined {
  return existsSync(shared(...parts))
    ? undefined
    : `needs ${join("shared", ...parts)}, which is not here (set METALEARN_SHARED)`;
}
