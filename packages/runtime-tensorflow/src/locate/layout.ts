import { currentTarget, type Variant } from "./target.js";

/** A TensorFlow on disk: its C API's libraries and headers. */
export interface LibTensorFlow {
  /** Who put it there: the user, `metalearn setup`, or pip. */
  readonly source: "LIBTENSORFLOW_DIR" | "cache" | "python";
  /** Holds the libraries. */
  readonly directory: string;
  /** Holds `tensorflow/c/c_api.h`. */
  readonly includeDirectory: string;
  /** File names in `directory`, in the order to link them. */
  readonly libraries: readonly string[];
  /** `undefined` where it cannot be told before it is loaded. */
  readonly version: string | undefined;
  /** `undefined` where it cannot be told. */
  readonly variant: Variant | undefined;
}

/** For messages: `TensorFlow 2.21.0 in /home/…`. */
export function describeLibrary({ version, directory }: LibTensorFlow): string {
  return `TensorFlow${version ? ` ${version}` : ""} in ${directory}`;
}

/** The libraries of the wheel, in the order to link them. */
export function wheelLibraries(): string[] {
  const { librarySuffix } = currentTarget();
  return [`libtensorflow_cc${librarySuffix}`, `libtensorflow_framework${librarySuffix}`];
}
