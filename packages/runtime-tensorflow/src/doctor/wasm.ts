import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Finding } from "@metalearn/core";
import { wasmFolder } from "../javascript/wasm.js";

// Node.js has it; the types of the language level that we compile for do not.
declare const WebAssembly: { validate(bytes: Uint8Array): boolean };

const topic = "WebAssembly";

/** Finding about the fallback engine: Node.js accepts its files, and the processor has SIMD. */
export async function wasmFinding(): Promise<Finding[]> {
  const accepts = async (file: string) =>
    WebAssembly.validate(await readFile(join(wasmFolder(), file)));
  if (await accepts("tfjs-backend-wasm-simd.wasm")) {
    return [{ topic, status: "ok", message: "available with SIMD, where TensorFlow is not" }];
  }
  if (await accepts("tfjs-backend-wasm.wasm")) {
    return [{ topic, status: "warning", message: "available, but without SIMD it is slow" }];
  }
  return [{ topic, status: "warning", message: "Node.js does not accept TensorFlow.js's files" }];
}
