import { MetaError } from "@metalearn/core";
import type * as tf from "@tensorflow/tfjs";

/** The parts of TensorFlow.js's WASM backend that are used here. */
interface WasmBackend extends tf.KernelBackend {
  readonly wasm: {
    /** The address of new memory, 0 when there is none. The engine reads it as a signed number. */
    _malloc(bytes: number): number;
    _free(address: number): void;
  };
}

/** Size of WebAssembly's address space. */
const addressableBytes = 2 ** 32;

/** Reserve for the working memory of kernels. */
const reservedBytes = 2 ** 26;

/**
 * Makes a WASM backend throw when its memory is full. Without this TensorFlow.js overwrites the engine's own data: it
 * does not check that an allocation succeeded, and the allocator itself returns addresses past the end (seen with
 * 4.22).
 *
 * Freed memory does not count as free for a tensor that might not fit into it, so the guard may throw slightly early.
 *
 * @throws MetaError `ENGINE_UNAVAILABLE`, later, from the operation that finds no room
 */
export function guardWasmMemory(backend: tf.KernelBackend): tf.KernelBackend {
  const { wasm } = backend as WasmBackend;
  wasm._free(wasm._malloc(1)); // the first call puts the real function in its own place
  const allocate = wasm._malloc;
  let highest = 0;
  wasm._malloc = (bytes) => {
    const mayFit = highest + bytes <= addressableBytes - reservedBytes;
    const address = mayFit ? allocate(bytes) >>> 0 : 0;
    if (address === 0 && bytes > 0) {
      throw new MetaError(
        "ENGINE_UNAVAILABLE",
        `The wasm engine has no room for a tensor of ${megabytes(bytes)}: it holds at most 4295 MB ` +
          `and has taken ${megabytes(highest)}. Run \`metalearn setup\` and use TensorFlow, or a smaller model or batch.`,
      );
    }
    highest = Math.max(highest, address + bytes);
    return address;
  };
  return backend;
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(0)} MB`;
}
