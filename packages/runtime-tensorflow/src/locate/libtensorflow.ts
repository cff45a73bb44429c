import { cachedLibTensorFlow } from "./cachedLibTensorFlow.js";
import { givenLibTensorFlow } from "./givenLibTensorFlow.js";
import { pythonLibTensorFlow } from "./pythonLibTensorFlow.js";
import type { Variant } from "./target.js";

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

/**
 * The TensorFlow to use: the one that `LIBTENSORFLOW_DIR` names, else the one from
 * `metalearn setup`, else an installed Python package of a matching version.
 *
 * @returns `undefined` when there is none
 * @throws MetaError `ENGINE_UNAVAILABLE` when `LIBTENSORFLOW_DIR` names something else, or the
 *   files from `metalearn setup` are damaged
 */
export async function findLibTensorFlow(): Promise<LibTensorFlow | undefined> {
  return givenLibTensorFlow() ?? cachedLibTensorFlow() ?? (await pythonLibTensorFlow());
}
