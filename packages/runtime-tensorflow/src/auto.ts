import { MetaError, type TensorRuntime } from "@metalearn/core";
import { cpu } from "./javascript/cpu.js";
import { wasm } from "./javascript/wasm.js";
import { reasonOf } from "./reasonOf.js";
import { type TensorFlowOptions, tensorflow } from "./tensorflow/runtime.js";

/**
 * The fastest engine that works here: TensorFlow where `metalearn setup` provided it, else
 * WebAssembly, else plain JavaScript.
 *
 * @param notify is told in one line when it is not TensorFlow: what is used instead, why, and the
 *   command that mends it
 * @param options for TensorFlow; the other engines compute on one thread and compile nothing
 */
export async function auto(
  notify: (message: string) => void,
  options: Pick<TensorFlowOptions, "threads" | "compile"> = {},
): Promise<TensorRuntime> {
  const reasons: string[] = [];
  const candidates = { tensorflow: () => tensorflow(options), wasm };
  for (const [name, start] of Object.entries(candidates)) {
    try {
      const runtime = await start();
      if (reasons.length > 0) notify(`${explain(name)} ${reasons.join(" ")}`);
      return runtime;
    } catch (error) {
      if (!(error instanceof MetaError && error.code === "ENGINE_UNAVAILABLE")) throw error;
      reasons.push(reasonOf(error));
    }
  }
  notify(`${explain("cpu")} ${reasons.join(" ")}`);
  return cpu();
}

function explain(name: string): string {
  const slow = name === "wasm" ? "several times" : "hundreds of times";
  return `Computing with the ${name} engine, ${slow} slower than TensorFlow.`;
}
