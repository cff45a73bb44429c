import { type Compilation, type CompilationListener, MetaError } from "@metalearn/core";
import * as tf from "@tensorflow/tfjs";
import { eagerBackendName, graphBackendName } from "../binding/backendNames.js";
import { type Signature, signatureOf } from "./structure.js";

/** A function that can be compiled. */
export type Callable = (...args: readonly unknown[]) => unknown;

/** A function with one compilation for each signature that it was called with. */
export interface CompiledFunction {
  readonly call: Callable;
  dispose(): void;
}

/** Facts of a compilation known before its first run. */
export type Traced = Pick<Compilation, "mode" | "precision" | "operations">;

/** A function, and the steps to compile and run it for one signature. */
export interface Compiling<C extends { readonly traced: Traced }> {
  /** Name in messages. */
  readonly name: string;
  /** Maximum number of compilations kept. */
  readonly signatures: number;
  readonly listener: Required<CompilationListener>;
  /** The uncompiled function, called while another function is traced, and for a gradient. */
  readonly fn: Callable;
  /** @param functionName a name that no other function of the engine has */
  trace(args: readonly unknown[], signature: Signature, functionName: string): C;
  run(compiled: C, args: readonly unknown[], signature: Signature): unknown;
  /** Frees a compilation. */
  remove(compiled: C): void;
}

/** Number of functions in this process, for unique names: runtimes share an engine, which finds functions by name. */
let functionCount = 0;

/** Makes a function that is compiled once per signature. */
export function bySignature<C extends { readonly traced: Traced }>({
  name,
  signatures,
  listener,
  fn,
  trace,
  run,
  remove,
}: Compiling<C>): CompiledFunction {
  const ready = new Map<string, C>(); // the one used last is the last
  let shapes = 0;
  let isDisposed = false;
  let engine: tf.KernelBackend | undefined;

  const call: Callable = (...args) => {
    if (tf.getBackend() === graphBackendName) return fn(...args); // becomes part of what is traced
    requireEngine();
    if (isTapeOn()) return fn(...args);
    const signature = signatureOf(name, args);
    const known = ready.get(signature.key);
    if (!known) return compileAndRun(args, signature);
    ready.delete(signature.key);
    ready.set(signature.key, known);
    return run(known, args, signature);
  };

  function requireEngine(): void {
    const problem = isDisposed
      ? "its runtime was disposed"
      : tf.getBackend() !== eagerBackendName &&
        `TensorFlow.js computes with "${tf.getBackend()}" now; call tf.setBackend("${eagerBackendName}")`;
    if (problem) {
      throw new MetaError(
        "ENGINE_UNAVAILABLE",
        `${name} was compiled for TensorFlow and cannot run: ${problem}.`,
      );
    }
    if (engine !== tf.backend()) ready.clear(); // a reset of TensorFlow.js opened another engine
    engine = tf.backend();
  }

  function compileAndRun(args: readonly unknown[], signature: Signature): unknown {
    const functionName = `compiled_${functionCount++}_${name.replace(/\W/g, "_")}`;
    const begun = performance.now();
    const compiled = trace(args, signature, functionName);
    const traceMs = performance.now() - begun;
    try {
      const result = announced(
        listener,
        compilationOf(compiled.traced, { name, shapes: ++shapes, traceMs }),
        () => run(compiled, args, signature),
      );
      if (ready.size === signatures) removeOldest();
      ready.set(signature.key, compiled);
      return result;
    } catch (error) {
      remove(compiled);
      throw error;
    }
  }

  function removeOldest(): void {
    const [key, oldest] = ready.entries().next().value as [string, C];
    ready.delete(key);
    remove(oldest);
  }

  return {
    call,
    dispose() {
      isDisposed = true;
      const isOpen = engine !== undefined && engine === tf.findBackend(eagerBackendName);
      while (isOpen && ready.size > 0) removeOldest();
      ready.clear();
    },
  };
}

type Begun = Omit<Compilation, "firstRunMs">;

/** Record of a compilation for listeners. */
export function compilationOf(
  { mode, precision, operations }: Traced,
  more: Pick<Begun, "name" | "shapes" | "traceMs">,
): Begun {
  return { ...more, mode, precision, operations };
}

/** Runs `work` for the first time and notifies the listener before and after. */
export function announced<T>(
  listener: Required<CompilationListener>,
  compilation: Begun,
  run: () => T,
): T {
  listener.begin(compilation);
  const begun = performance.now();
  const result = run();
  listener.end({ ...compilation, firstRunMs: performance.now() - begun });
  return result;
}

/** True while TensorFlow.js records operations for a gradient. */
function isTapeOn(): boolean {
  const { gradientDepth, kernelDepth } = tf.engine().state;
  return gradientDepth > 0 && kernelDepth === 0;
}
