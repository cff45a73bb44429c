import { join, relative } from "node:path";
import { cacheDirectory } from "@metalearn/core";
import type { LibTensorFlow } from "./layout.js";

/**
 * The folder of a TensorFlow as an addon remembers it. One in the cache directory is remembered by its
 * place there, so that the cache directory can be moved, also to another machine.
 */
export function directoryForAddon({ source, directory }: LibTensorFlow): string {
  return source === "cache" ? relative(cacheDirectory(), directory) : directory;
}

/** Run paths by which the loader finds an addon's TensorFlow. */
export function addonRunPaths(library: LibTensorFlow): string[] {
  const directory = directoryForAddon(library);
  if (library.source !== "cache") return [directory];
  const here = process.platform === "darwin" ? "@loader_path" : "$ORIGIN";
  // From `addons/{name}`, and from `work/{setup}/addon`, where the setup tries it out.
  return ["../..", "../../.."].map((up) => `${here}/${join(up, directory)}`);
}
