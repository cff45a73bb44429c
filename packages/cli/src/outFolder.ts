import { statSync } from "node:fs";
import { resolve } from "node:path";
import { MetaError } from "@metalearn/core";

/**
 * The folder for results, as an absolute path. It need not be there yet.
 *
 * @throws MetaError `BAD_OPTION` when it is a file
 */
export function outFolder(out: string): string {
  const path = resolve(out);
  const entry = statSync(path, { throwIfNoEntry: false });
  if (!entry || entry.isDirectory()) return path;
  throw new MetaError("BAD_OPTION", `out should be a folder, but ${out} is a file.`);
}
