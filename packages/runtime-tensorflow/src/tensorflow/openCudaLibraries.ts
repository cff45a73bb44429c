import type { NativeBinding } from "../binding/binding.js";
import { cudaLibraryPaths } from "../locate/cudaLibraries.js";
import type { LibTensorFlow } from "../locate/layout.js";
import type { DriverState } from "./driver.js";

/**
 * Opens the CUDA libraries beside TensorFlow, so that it finds them by their names: the wheel's C
 * library does not look for all of them there, which Python's modules make good. What is missing is
 * left to TensorFlow, which then registers no GPU, and to `metalearn doctor`.
 *
 * Does nothing without a driver, where they would only take time to load.
 */
export function openCudaLibraries(
  binding: Pick<NativeBinding, "libraryProblem">,
  { library, driver }: { readonly library: LibTensorFlow; readonly driver: DriverState },
): void {
  if ("problem" in driver) return;
  for (const path of cudaLibraryPaths(library)) binding.libraryProblem(path);
}
