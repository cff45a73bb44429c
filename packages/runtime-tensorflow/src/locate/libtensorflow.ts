import { cachedLibTensorFlow } from "./cachedLibTensorFlow.js";
import { givenLibTensorFlow } from "./givenLibTensorFlow.js";
import type { LibTensorFlow } from "./layout.js";
import { pythonLibTensorFlow } from "./pythonLibTensorFlow.js";

/**
 * The TensorFlow to use: the one that `LIBTENSORFLOW_DIR` names, else the one from
 * `metalearn setup`, else an installed Python package of a matching version.
 *
 * @returns `undefined` when there is none
 * @throws MetaError `ENGINE_UNAVAILABLE` when `LIBTENSORFLOW_DIR` names no TensorFlow, or the
 *   files from `metalearn setup` are damaged
 */
export async function findLibTensorFlow(): Promise<LibTensorFlow | undefined> {
  return givenLibTensorFlow() ?? cachedLibTensorFlow() ?? (await pythonLibTensorFlow());
}
