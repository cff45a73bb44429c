import { existsSync, readFileSync, realpathSync } from "node:fs";
import { join, resolve } from "node:path";
import { MetaError } from "@metalearn/core";
import type { LibTensorFlow } from "./layout.js";
import { currentTarget } from "./target.js";

/**
 * The TensorFlow that `LIBTENSORFLOW_DIR` names, in the layout of the wheel (`libtensorflow_cc`) or
 * of the C library's archive (`lib/libtensorflow`), with `include/` beside it.
 *
 * @throws MetaError `ENGINE_UNAVAILABLE` when a part of it is missing
 */
export function givenLibTensorFlow(): LibTensorFlow | undefined {
  const given = process.env.LIBTENSORFLOW_DIR;
  if (!given) return undefined;
  const root = resolve(given);
  const { librarySuffix } = currentTarget();

  const candidates = [root, join(root, "lib"), join(root, "tensorflow")].flatMap((directory) =>
    ["libtensorflow_cc", "libtensorflow"].map((name) => ({
      directory,
      libraries: [`${name}${librarySuffix}`, `libtensorflow_framework${librarySuffix}`],
    })),
  );
  const found = candidates.find(({ directory, libraries }) =>
    libraries.every((file) => existsSync(join(directory, file))),
  );
  if (!found) {
    throw refuse(
      root,
      `holds no libtensorflow_cc${librarySuffix} with libtensorflow_framework${librarySuffix}`,
    );
  }

  const includeDirectory = [join(found.directory, "include"), join(root, "include")].find(
    (directory) => existsSync(join(directory, "tensorflow", "c", "c_api.h")),
  );
  if (!includeDirectory) throw refuse(root, "holds no include/tensorflow/c/c_api.h");

  const version =
    versionFromHeader(includeDirectory) ??
    versionFromFileName(join(found.directory, found.libraries[0] as string));
  return { source: "LIBTENSORFLOW_DIR", ...found, includeDirectory, version, variant: undefined };
}

/** Older wheels define their version in a header; newer ones expect it from the compiler. */
function versionFromHeader(includeDirectory: string): string | undefined {
  const path = join(includeDirectory, "tensorflow", "core", "public", "version.h");
  if (!existsSync(path)) return undefined;
  const text = readFileSync(path, "utf8");
  const numbers = ["MAJOR", "MINOR", "PATCH"].map(
    (part) => new RegExp(`#define TF_${part}_VERSION (\\d+)`).exec(text)?.[1],
  );
  return numbers.every((number) => number !== undefined) ? numbers.join(".") : undefined;
}

/** Version from a file name: in the C library's archive `libtensorflow.so.2` links to `libtensorflow.so.2.18.0`. */
function versionFromFileName(library: string): string | undefined {
  return /(\d+\.\d+\.\d+)(\.dylib)?$/.exec(realpathSync(library))?.[1];
}

function refuse(root: string, what: string): MetaError {
  return new MetaError(
    "ENGINE_UNAVAILABLE",
    `LIBTENSORFLOW_DIR should name a folder with TensorFlow's libraries and headers, but ${root} ${what}. ` +
      "Correct it, or unset it and run `metalearn setup`.",
  );
}
