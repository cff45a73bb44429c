import { readFile } from "node:fs/promises";
import { basename, extname, join } from "node:path";
import { defaultLoaders, type Loader } from "cosmiconfig";
import { createJiti } from "jiti";
import { isMetaError, MetaError, messageOf } from "../errors.js";
import type { ConfigFile } from "./extends.js";
import { requirePlainData } from "./requirePlainData.js";

// Only cosmiconfig's loaders are used: `cosmiconfig()` itself would import `.config/config.js` of the working
// directory, which others may have written.

/** Names of config files, in the order of the search in a folder. */
const configNames = [
  ...["yaml", "yml", "json", "js", "mjs", "cjs", "ts", "mts"].map(
    (extension) => `metalearn.config.${extension}`,
  ),
  ".metalearnrc",
  "package.json",
];

/** TypeScript configs may import other TypeScript files. */
const loadTypeScript: Loader = (path) =>
  createJiti(import.meta.url).import(path, { default: true });

const loaders: Readonly<Record<string, Loader>> = {
  ...defaultLoaders,
  ".ts": loadTypeScript,
  ".mts": loadTypeScript,
};

const codeExtensions = [".js", ".mjs", ".cjs", ".ts", ".mts"];

/** Called with the path of a config that is code, before it runs. */
export type BeforeCode = (file: string) => void;

/**
 * Reads a config file: YAML, JSON, code that exports one, or the key `metalearn` of a package.json.
 *
 * @returns undefined for a file without a config
 * @throws MetaError `MISSING_FILE` or `BAD_CONFIG`
 */
export async function readConfigFile(
  path: string,
  beforeCode: BeforeCode = () => {},
): Promise<ConfigFile | undefined> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (cause) {
    if (!isMissing(cause)) throw unreadable(path, cause);
    throw new MetaError("MISSING_FILE", `${path}: expected a config file, found none.`, { cause });
  }
  const extension = extname(path);
  const load = loaders[extension || "noExt"];
  if (!load) {
    throw new MetaError(
      "BAD_CONFIG",
      `${path}: expected a config that ends in .yaml, .yml, .json, .js, .mjs, .cjs, .ts or .mts, got ${extension}.`,
    );
  }
  if (text.trim() === "") return undefined;
  try {
    if (codeExtensions.includes(extension)) beforeCode(path);
    const loaded: unknown = await load(path, text);
    const content = basename(path) === "package.json" ? configOf(loaded) : loaded;
    if (content === undefined || content === null) return undefined;
    requirePlainData(content, path);
    return { file: path, content };
  } catch (cause) {
    throw isMetaError(cause) ? cause : unreadable(path, cause);
  }
}

/**
 * Reads the first config in a folder; undefined if there is none.
 *
 * @throws MetaError `BAD_CONFIG`
 */
export async function findInFolder(
  folder: string,
  beforeCode: BeforeCode,
): Promise<ConfigFile | undefined> {
  for (const name of configNames) {
    const found = await readConfigFile(join(folder, name), beforeCode).catch((error) => {
      if (isMetaError(error) && error.code === "MISSING_FILE") return undefined;
      throw error;
    });
    if (found) return found;
  }
  return undefined;
}

function configOf(manifest: unknown): unknown {
  return (manifest as { readonly metalearn?: unknown } | null)?.metalearn;
}

function isMissing(error: unknown): boolean {
  return ["ENOENT", "ENOTDIR"].includes((error as NodeJS.ErrnoException).code ?? "");
}

function unreadable(path: string, cause: unknown): MetaError {
  return new MetaError(
    "BAD_CONFIG",
    `${path}: expected a config that can be parsed, got: ${messageOf(cause)}`,
    {
      cause,
    },
  );
}
