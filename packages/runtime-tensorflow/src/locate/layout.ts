import { currentTarget, type Variant } from "./target.js";

/** A TensorFlow on disk: its C API's libraries and headers. */
export interface LibTensorFlow {
  /** Origin: named by the user, installed by `metalearn setup`, or by pip. */
  readonly source: "LIBTENSORFLOW_DIR" | "cache" | "python";
  /** Folder of the libraries. */
  readonly directory: string;
  /** Folder that contains `tensorflow/c/c_api.h`. */
  readonly includeDirectory: string;
  /** File names in `directory`, in the order to link them. */
  readonly libraries: readonly string[];
  /** Version; `undefined` if it is unknown until the library is loaded. */
  readonly version: string | undefined;
  /** Variant; `undefined` if unknown. */
  readonly variant: Variant | undefined;
}

/** Describes a TensorFlow in messages: `TensorFlow 2.21.0 in /home/…`. */
export function describeLibrary({ version, directory }: LibTensorFlow): string {
  return `TensorFlow${version ? ` ${version}` : ""} in ${directory}`;
}

/** The libraries of the wheel, in the order to link them. */
export function wheelLibraries(): string[] {
  const { librarySuffix } = currentTarget();
  return [`libtensorflow_cc${librarySuffix}`, `libtensorflow_framework${librarySuffix}`];
}
