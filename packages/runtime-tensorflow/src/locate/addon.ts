import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { cacheDirectory } from "@metalearn/core";
import { damageOf } from "./addonRecord.js";
import { directoryForAddon } from "./addonRunPaths.js";
import type { LibTensorFlow } from "./layout.js";

const require = createRequire(import.meta.url);

/** Folder of the C++ sources, beside `src` and `dist`. */
export const nativeDirectory = join(import.meta.dirname, "..", "..", "native");

/** Node-API version that the addon is compiled for: it loads in every Node.js with at least this version. */
export const nodeApiVersion = 8;

/** The addon compiled for one libtensorflow. */
export interface Addon {
  readonly directory: string;
  /** File of the engine. */
  readonly engine: string;
  /** File of the loader that silences TensorFlow; see native/preload.cc. */
  readonly preload: string;
  readonly isBuilt: boolean;
  /** Damage of its files, if there is any. */
  readonly damage?: string | undefined;
}

/**
 * Location of the addon for a libtensorflow, built or not. Its folder is named after a hash of all its
 * inputs, so that a new version of any of them is built beside the old one.
 */
export function addonFor(library: LibTensorFlow): Addon {
  const hash = createHash("sha256");
  for (const file of nativeSources()) {
    hash
      .update(file)
      .update("\0")
      .update(readFileSync(join(nativeDirectory, file)))
      .update("\0");
  }
  const parts = {
    platform: `${process.platform}-${process.arch}`,
    nodeApiVersion,
    headers: headerPackages.map((name) => (require(`${name}/package.json`) as Package).version),
    tensorflow: library.version,
    libraries: library.libraries.map((file) => {
      const { size } = statSync(join(library.directory, file));
      return { path: join(directoryForAddon(library), file), size };
    }),
  };
  hash.update(JSON.stringify(parts));
  const version = library.version ?? "given";
  const name = `${version}-${parts.platform}-${hash.digest("hex").slice(0, 16)}`;
  const directory = join(cacheDirectory(), "addons", name);
  const files = addonFiles(directory);
  const paths = Object.values(files);
  const isBuilt = paths.every((file) => existsSync(file));
  return { directory, ...files, isBuilt, damage: isBuilt ? damageOf(paths) : undefined };
}

/** The files of an addon in a folder. */
export function addonFiles(directory: string): Pick<Addon, "engine" | "preload"> {
  return { engine: join(directory, "engine.node"), preload: join(directory, "preload.node") };
}

/** The headers and sources in `native`, by file name. */
export function nativeSources(): string[] {
  return readdirSync(nativeDirectory)
    .filter((file) => /\.(h|cc)$/.test(file))
    .sort();
}

interface Package {
  readonly version: string;
}

const headerPackages = ["node-addon-api", "node-api-headers"] as const;

/** The folders with Node-API's headers. */
export function nodeApiIncludeDirectories(): string[] {
  const [addonApi, apiHeaders] = headerPackages.map((name) =>
    dirname(require.resolve(`${name}/package.json`)),
  ) as [string, string];
  return [addonApi, join(apiHeaders, "include")];
}
