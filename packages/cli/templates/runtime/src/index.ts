import {
  defineFactory,
  definePlugin,
  MetaError,
  parseOptions,
  type TensorRuntime,
} from "@metalearn/core";
import * as tf from "@tensorflow/tfjs";
import { z } from "zod";

/** Name in a config; no other plugin that the config lists may have a runtime of this name. */
const name = "__component__";

const options = z.strictObject({
  checkNumerics: z
    .boolean()
    .default(true)
    .describe("Refuses NaN and infinite results of compiled functions, by the function's name."),
});

/** Options of {@link __factory__}. */
export type __Factory__Options = z.input<typeof options>;

/**
 * TensorFlow.js in plain JavaScript, for debugging: slow, and stops where a number first goes wrong. From now on
 * TensorFlow.js computes with it. For an engine of your own, register its backend (`tf.registerBackend`) and
 * choose it here.
 *
 * @throws MetaError `BAD_OPTION`; from a compiled function, `NON_FINITE`
 */
export async function __factory__(given: __Factory__Options = {}): Promise<TensorRuntime> {
  const { checkNumerics } = parseOptions(options, given);
  await tf.setBackend("cpu");

  // An engine that compiles records the operations of `fn` here, once for all arguments of the same shapes.
  const compile: TensorRuntime["compile"] = (fn, { name: title = fn.name } = {}) => {
    if (!checkNumerics) return fn;
    return (...args) => {
      const result = fn(...args);
      for (const [path, tensor] of tensorsIn(result)) requireFinite(tensor, title, path);
      return result;
    };
  };

  return {
    name,
    device: "cpu",
    version: tf.version["tfjs-backend-cpu"],
    compile,
    compilations: () => [],
    memory() {
      const { numTensors, numBytes } = tf.memory();
      return {
        tensors: numTensors,
        tensorBytes: numBytes,
        processBytes: process.memoryUsage.rss(),
      };
    },
    dispose() {}, // this engine holds nothing but tensors
  };
}

/** Tensors in records and arrays, with their paths. */
function tensorsIn(value: unknown, path = "result"): [path: string, tensor: tf.Tensor][] {
  if (value instanceof tf.Tensor) return [[path, value]];
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => tensorsIn(inner, `${path}.${key}`));
}

function requireFinite(tensor: tf.Tensor, title: string, path: string): void {
  if (tensor.dtype !== "float32") return;
  if (tensor.dataSync().every((value) => Number.isFinite(value))) return;
  throw new MetaError(
    "NON_FINITE",
    `${title || "A function"}: ${path} has a number that is NaN or infinite. Look at the operations before it.`,
  );
}

export default definePlugin({
  name: "__package__",
  runtimes: { [name]: defineFactory(options, __factory__) },
});
