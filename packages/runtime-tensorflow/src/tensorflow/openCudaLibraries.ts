import type { NativeBinding } from "../binding/binding.js";
import { cudaLibraryPaths } from "../locate/cudaLibraries.js";
import type { LibTensorFlow } from "../locate/layout.js";
import type { DriverState } from "./driver.js";

/**
 * Opens the CUDA libraries beside TensorFlow, so that it finds them by name: the wheel's C library does not search for
 * all of them there; in Python, TensorFlow's modules open the rest. If a library is missing, TensorFlow registers no
 * GPU, and `metalearn doctor` reports it.
 *
 * Does nothing without a driver, since loading the libraries takes time.
 */
export function openCudaLibraries(
  binding: Pick<NativeBinding, "libraryProblem">,
  { library, driver }: { readonly library: LibTensorFlow; readonly driver: DriverState },
): void {
  if ("problem" in driver) return;
  for (const path of cudaLibraryPaths(library)) binding.libraryProblem(path);
}
