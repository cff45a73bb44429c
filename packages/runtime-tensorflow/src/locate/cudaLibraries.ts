import { existsSync } from "node:fs";
import { join } from "node:path";
import type { LibTensorFlow } from "./layout.js";

/**
 * The libraries that TensorFlow 2.21 opens before it registers a GPU, by the folder of their wheel. If any one is
 * missing, it computes on the CPU.
 */
const opened: Readonly<Record<string, readonly string[]>> = {
  cuda_runtime: ["libcudart.so.12"],
  cublas: ["libcublas.so.12", "libcublasLt.so.12"],
  cufft: ["libcufft.so.11"],
  cusolver: ["libcusolver.so.11"],
  cusparse: ["libcusparse.so.12"],
  cudnn: ["libcudnn.so.9"],
};

/** Folder of the CUDA libraries' wheels, where TensorFlow looks for them. */
function nvidiaDirectory({ directory }: Pick<LibTensorFlow, "directory">): string {
  return join(directory, "..", "nvidia");
}

/**
 * The libraries that a build for CUDA needs before it registers a GPU: full paths, or a plain name, for the system to
 * find, if a library is not beside TensorFlow. Empty for other builds.
 */
export function cudaLibraryPaths(library: LibTensorFlow): string[] {
  if (library.variant !== "cuda") return [];
  return Object.entries(opened).flatMap(([folder, names]) =>
    names.map((name) => {
      const path = join(nvidiaDirectory(library), folder, "lib", name);
      return existsSync(path) ? path : name;
    }),
  );
}
