import { join, relative } from "node:path";
import { cacheDirectory } from "@metalearn/core";
import type { LibTensorFlow } from "./layout.js";

/**
 * The folder of a TensorFlow as stored with an addon: a folder in the cache directory is stored relative to it, so that
 * the cache directory can be moved, also to another machine.
 */
export function directoryForAddon({ source, directory }: LibTensorFlow): string {
  return source === "cache" ? relative(cacheDirectory(), directory) : directory;
}

/** Run paths with which the loader finds an addon's TensorFlow. */
export function addonRunPaths(library: LibTensorFlow): string[] {
  const directory = directoryForAddon(library);
  if (library.source !== "cache") return [directory];
  const here = process.platform === "darwin" ? "@loader_path" : "$ORIGIN";
  // From `addons/{name}`, and from `work/{setup}/addon`, where the setup tries it out.
  return ["../..", "../../.."].map((up) => `${here}/${join(up, directory)}`);
}
