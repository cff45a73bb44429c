import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import type { LibTensorFlow } from "./layout.js";
import { wheelLibraries } from "./layout.js";
import { findTarget, tensorflowVersion } from "./target.js";

/** Finds the package without importing it, which would take seconds. */
const script = `
import importlib.metadata, importlib.util
spec = importlib.util.find_spec("tensorflow")
if spec and spec.submodule_search_locations:
    for name in ("tensorflow", "tensorflow-cpu"):
        try:
            print(name, importlib.metadata.version(name), spec.submodule_search_locations[0])
            break
        except importlib.metadata.PackageNotFoundError:
            pass
`;

/**
 * The TensorFlow of an installed Python package, if its version equals the supported one except for the patch number.
 * Runs `python3`, which takes some 50 ms.
 */
export async function pythonLibTensorFlow(): Promise<LibTensorFlow | undefined> {
  if (!findTarget()) return undefined;
  let answer: string;
  try {
    answer = (await promisify(execFile)("python3", ["-c", script], { timeout: 30_000 })).stdout;
  } catch {
    return undefined; // no Python, or one that does not run: then there is no package either
  }
  const [, name, version, directory] = /^(\S+) (\S+) (.+)$/m.exec(answer) ?? [];
  if (!name || !version || !directory) return undefined;

  const series = tensorflowVersion.replace(/\d+$/, "");
  const libraries = wheelLibraries();
  const includeDirectory = join(directory, "include");
  const usable =
    version.startsWith(series) &&
    existsSync(join(includeDirectory, "tensorflow", "c", "c_api.h")) &&
    libraries.every((file) => existsSync(join(directory, file)));
  if (!usable) return undefined;
  // The CUDA build finds the CUDA libraries only beside itself.
  const cuda = name === "tensorflow" && existsSync(join(directory, "..", "nvidia", "cublas"));
  return {
    source: "python",
    directory,
    includeDirectory,
    libraries,
    version,
    variant: cuda ? "cuda" : "cpu",
  };
}
