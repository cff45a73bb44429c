import { MetaError, parseOptions, type TensorRuntime } from "@metalearn/core";
import type { z } from "zod";
import { cpu } from "./javascript/cpu.js";
import { wasm } from "./javascript/wasm.js";
import { reasonOf } from "./reasonOf.js";
import { tensorflow } from "./tensorflow/runtime.js";
import { tensorflowOptions } from "./tensorflow/tensorflowOptions.js";

export const autoOptions = tensorflowOptions
  .pick({ threads: true, compile: true })
  .describe(
    "`tensorflow` where it is set up, else `wasm`, else `cpu`, saying in one line what and why.",
  );

/** Options of {@link auto}: those of TensorFlow; the other engines have one thread and compile nothing. */
export type AutoOptions = z.input<typeof autoOptions>;

/**
 * The fastest engine that works here: TensorFlow where `metalearn setup` provided it, else
 * WebAssembly, else plain JavaScript.
 *
 * @param notify is told in one line when it is not TensorFlow: what is used instead, why, and the
 *   command that mends it
 * @throws MetaError `BAD_OPTION`
 */
export async function auto(
  notify: (message: string) => void,
  given: AutoOptions = {},
): Promise<TensorRuntime> {
  const options = parseOptions(autoOptions, given);
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
