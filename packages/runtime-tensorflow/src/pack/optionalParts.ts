import { MetaError } from "@metalearn/core";

/** A part of the CUDA libraries that TensorFlow opens at its first call, or never. */
interface OptionalPart {
  /** Features lost without it. */
  readonly serves: string;
  /** Pattern of its files' paths in the engine's folder. */
  readonly files: RegExp;
}

/**
 * Parts that may be left out. Everything else is opened before TensorFlow accepts a GPU, or needed by a
 * library that is: `libcusolver` needs `libcusparse` and `libnvJitLink`, and so on.
 */
const optionalParts: Readonly<Record<string, OptionalPart>> = {
  nccl: { serves: "several GPUs at once", files: /^nvidia\/nccl\// },
  cupti: { serves: "profiles of kernels", files: /^nvidia\/cuda_cupti\// },
  curand: { serves: "nothing that TensorFlow does", files: /^nvidia\/curand\// },
  nvrtc: { serves: "kernels that cuDNN compiles as it runs", files: /^nvidia\/cuda_nvrtc\// },
  nvvm: {
    serves: "CUDA's own compiler; XLA brings its own",
    files: /^nvidia\/cuda_nvcc\/(nvvm\/(lib64|bin)\/|bin\/(?!ptxas$))/,
  },
  "cudnn-engines": {
    serves: "convolutions, recurrent layers and attention of cuDNN",
    files: /^nvidia\/cudnn\/lib\/libcudnn_(?!graph|ops)/,
  },
  extras: {
    serves: "other programs than TensorFlow",
    files: /^nvidia\/[^/]+\/lib\/lib(cusolverMg|cufftw|nvblas)\.so/,
  },
};

/**
 * Makes a test for paths of the files of some parts.
 *
 * @param names keys of {@link optionalParts}; `lean` means all
 * @throws MetaError `BAD_OPTION` for another name
 */
export function filesOf(names: readonly string[]): (path: string) => boolean {
  const patterns = names.flatMap((name) => {
    const part = optionalParts[name];
    if (part) return [part.files];
    if (name === "lean") return Object.values(optionalParts).map(({ files }) => files);
    throw new MetaError(
      "BAD_OPTION",
      `There is no part called "${name}" that could be left out. Known: lean, ${Object.keys(optionalParts).join(", ")}.`,
    );
  });
  return (path) => patterns.some((pattern) => pattern.test(path));
}
