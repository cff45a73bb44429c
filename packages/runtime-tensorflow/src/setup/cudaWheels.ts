import { MetaError } from "@metalearn/core";

/** The platform tags under which NVIDIA publishes its wheels. */
export const cudaPlatforms = [
  "manylinux_2_27_x86_64",
  "manylinux_2_17_x86_64",
  "manylinux2014_x86_64",
  "manylinux1_x86_64",
];

/**
 * The wheels with the CUDA libraries that a build of TensorFlow needs, with versions, from the extra `and-cuda` of its
 * metadata.
 *
 * @param metadata the wheel's `METADATA`
 * @returns pip requirements: `nvidia-cublas-cu12<13.0,>=12.5.3.2`
 * @throws MetaError `ENGINE_UNAVAILABLE` when the metadata names none
 */
export function cudaRequirements(metadata: string): string[] {
  const requirements = [
    ...metadata.matchAll(/^Requires-Dist: (nvidia-[^;\s]+)\s*;\s*extra == ["']and-cuda["']/gm),
  ].map(([, requirement]) => requirement as string);
  if (requirements.length > 0) return requirements;
  throw new MetaError(
    "ENGINE_UNAVAILABLE",
    'The TensorFlow wheel should name the CUDA libraries it needs in its extra "and-cuda", but names none. ' +
      "Check the package index that pip uses (`python3 -m pip config list`).",
  );
}

/** True for libraries, and for XLA's tools `ptxas` and `libdevice`. Headers are not needed. */
export function isCudaFile(path: string): boolean {
  return /^nvidia\/([^/]+\/lib|cuda_nvcc\/(bin|nvvm))\/.+/.test(path) && !path.endsWith(".py");
}
