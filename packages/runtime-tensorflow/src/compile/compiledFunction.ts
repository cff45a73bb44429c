import { type CompilationListener, type CompileOptions, MetaError } from "@metalearn/core";
import * as tf from "@tensorflow/tfjs";
import { eagerBackendName, graphBackendName } from "../tensorflow/backendNames.js";
import type { NativeBinding } from "../tensorflow/binding.js";
import { type Executable, execute } from "./execute.js";
import type { GraphBackend } from "./graphBackend.js";
import { type Signature, signatureOf } from "./structure.js";
import { type TraceRequest, traceFunction } from "./traceFunction.js";

/** Any function that can be compiled. */
export type Callable = (...args: readonly unknown[]) => unknown;

/** A function with one compilation for each signature that it was called with. */
export interface CompiledFunction {
  readonly call: Callable;
  dispose(): void;
}

/** What a function is compiled with. */
export interface CompiledFunctionOptions {
  readonly binding: NativeBinding;
  readonly options: CompileOptions;
  readonly mode: TraceRequest["mode"];
  /** {@link TraceRequest.threads} */
  readonly threads?: number | undefined;
  readonly listener: Required<CompilationListener>;
}

/** Numbers the functions of this process: an engine, which runtimes share, knows them by name. */
let functionCount = 0;

/** See `TensorRuntime.compile`. */
export function compiledFunction(
  fn: Callable,
  { binding, mode, threads, options, listener }: CompiledFunctionOptions,
): CompiledFunction {
  const {
    name = fn.name || "function",
    precision = "float32",
    signatures = 32,
    donate = [],
  } = options;
  if (!Number.isInteger(signatures) || signatures < 1) {
    throw new MetaError(
      "BAD_OPTION",
      `signatures must be a whole number of at least 1, but is ${signatures}.`,
    );
  }
  const ready = new Map<string, Executable>(); // the one used last is the last
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

  function run(compiled: Executable, args: readonly unknown[], signature: Signature): unknown {
    const donated = donate.flatMap((i) => signatureOf(name, [args[i]]).tensors);
    return execute(binding, compiled, signature.tensors, new Set(donated));
  }

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
    const traced = traceFunction(binding, tf.findBackend(graphBackendName) as GraphBackend, {
      fn,
      args,
      signature,
      name,
      functionName,
      precision,
      mode,
      threads,
    });
    const traceMs = performance.now() - begun;
    try {
      const compiled = { traced, functionName, name };
      const compilation = {
        name,
        mode: traced.mode,
        precision: traced.precision,
        shapes: ++shapes,
        operations: traced.operations,
        traceMs,
      };
      listener.begin(compilation);
      const runAt = performance.now();
      const result = run(compiled, args, signature);
      const firstRunMs = performance.now() - runAt;
      if (ready.size === signatures) removeOldest();
      ready.set(signature.key, compiled);
      listener.end({ ...compilation, firstRunMs });
      return result;
    } catch (error) {
      remove({ traced, functionName, name });
      throw error;
    }
  }

  function removeOldest(): void {
    const [key, oldest] = ready.entries().next().value as [string, Executable];
    ready.delete(key);
    remove(oldest);
  }

  function remove({ traced, functionName }: Executable): void {
    if (!traced.elementwise) binding.removeFunction(functionName);
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

/** Whether TensorFlow.js records operations for a gradient. */
function isTapeOn(): boolean {
  const { gradientDepth, kernelDepth } = tf.engine().state;
  return gradientDepth > 0 && kernelDepth === 0;
}
