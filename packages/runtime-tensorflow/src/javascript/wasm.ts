import { createRequire } from "node:module";
import { dirname, sep } from "node:path";
import { MetaError, messageOf, type TensorRuntime } from "@metalearn/core";
import * as tf from "@tensorflow/tfjs";
import { SharedEngine } from "../sharedEngine.js";
import { activateCpuBackend } from "./cpu.js";
import { guardWasmMemory } from "./guardWasmMemory.js";
import { keepProcessListeners } from "./keepProcessListeners.js";
import { memoryOfTensorFlowJs } from "./memory.js";
import { supplyKernels } from "./supplyKernels.js";

const backendName = "wasm";

const engines = new SharedEngine<Record<string, never>, { readonly version: string }>({
  name: backendName,
  open: openEngine,
  close() {
    const wasActive = tf.getBackend() === backendName;
    tf.removeBackend(backendName);
    if (wasActive) activateCpuBackend();
  },
});

/**
 * TensorFlow.js's WebAssembly engine, with SIMD where the processor has it: needs nothing installed,
 * runs on one core, and is several times slower than TensorFlow. From now on TensorFlow.js computes
 * with it, in the whole process, until the last runtime of it is disposed.
 *
 * @throws MetaError `ENGINE_UNAVAILABLE` when it does not start; `BAD_OPTION` while another engine is
 *   in use
 */
export async function wasm(): Promise<TensorRuntime> {
  const { engine, release } = await engines.acquire({});
  await tf.setBackend(backendName);
  return {
    name: backendName,
    device: "cpu",
    version: engine.version,
    compile: (fn) => fn,
    compilations: () => [],
    memory: memoryOfTensorFlowJs,
    dispose: release,
  };
}

/** TensorFlow.js's own factory of the engine. */
let stockFactory: (() => tf.KernelBackend | Promise<tf.KernelBackend>) | undefined;

async function openEngine(): Promise<{ version: string }> {
  try {
    // Loaded only now: it registers itself, and importing this package changes nothing.
    const { setWasmPaths, version_wasm } = await import("@tensorflow/tfjs-backend-wasm");
    const factory = stockFactory ?? tf.findBackendFactory(backendName);
    stockFactory = factory;
    if (tf.findBackendFactory(backendName)) tf.removeBackend(backendName);
    tf.registerBackend(
      backendName,
      async () => guardWasmMemory(await keepProcessListeners(async () => factory())),
      0,
    );
    setWasmPaths(wasmFolder());
    if (!(await tf.setBackend(backendName))) throw new Error("it refused to start");
    supplyKernels(backendName);
    return { version: version_wasm };
  } catch (error) {
    throw new MetaError(
      "ENGINE_UNAVAILABLE",
      `The WebAssembly engine does not start: ${messageOf(error)}. Use the runtime "cpu", and reinstall the dependencies.`,
      { cause: error },
    );
  }
}

/** Folder of the package's `.wasm` files, with the separator at the end that TensorFlow.js expects. */
export function wasmFolder(): string {
  const require = createRequire(import.meta.url);
  return dirname(require.resolve("@tensorflow/tfjs-backend-wasm")) + sep;
}
