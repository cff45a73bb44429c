import {
  type Compilation,
  type CompileMode,
  type CompileOptions,
  MetaError,
} from "@metalearn/core";
import * as tf from "@tensorflow/tfjs";
import { eagerBackendName, graphBackendName } from "../tensorflow/backendNames.js";
import type { NativeBinding } from "../tensorflow/binding.js";
import type { NodeBackend } from "../tensorflow/kernels.js";
import type { GraphBackend } from "./graphBackend.js";
import { type Signature, signatureOf } from "./structure.js";
import type { Capture } from "./trace.js";
import { type TracedFunction, traceFunction } from "./traceFunction.js";

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
  readonly mode: CompileMode;
  onCompile(compilation: Compilation): void;
}

interface Ready {
  readonly traced: TracedFunction;
  /** The engine's name of it. */
  readonly functionName: string;
}

/** Numbers the functions of this process: an engine, which runtimes share, knows them by name. */
let functionCount = 0;

/** See `TensorRuntime.compile`. */
export function compiledFunction(
  fn: Callable,
  { binding, mode, options, onCompile }: CompiledFunctionOptions,
): CompiledFunction {
  const { name = fn.name || "function", precision = "float32", signatures = 32 } = options;
  if (!Number.isInteger(signatures) || signatures < 1) {
    throw new MetaError(
      "BAD_OPTION",
      `signatures must be a whole number of at least 1, but is ${signatures}.`,
    );
  }
  const ready = new Map<string, Ready>(); // the one used last is the last
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
    return run(known, signature);
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
    const traced = traceFunction(binding, tf.findBackend(graphBackendName) as GraphBackend, {
      fn,
      args,
      signature,
      name,
      functionName,
      precision,
    });
    const tracedAt = performance.now();
    try {
      const compiled = { traced, functionName };
      const result = run(compiled, signature);
      if (ready.size === signatures) removeOldest();
      ready.set(signature.key, compiled);
      onCompile({
        name,
        mode,
        precision,
        operations: traced.operations,
        traceMs: tracedAt - begun,
        firstRunMs: performance.now() - tracedAt,
      });
      return result;
    } catch (error) {
      binding.removeFunction(functionName);
      throw error;
    }
  }

  function run({ traced, functionName }: Ready, { tensors }: Signature): unknown {
    const backend = tf.backend() as NodeBackend;
    const inputs = [
      ...tensors.map(requireAlive),
      ...traced.captures.map((capture) => captured(capture)),
    ];
    const ids = backend.getInputTensorIds(inputs);
    for (const { input, length } of traced.indexInputs) {
      requireIndices(backend.readSync(inputs[input]?.dataId as object) as Int32Array, length);
    }
    const { TF_ATTR_BOOL } = binding;
    const attributes =
      mode === "xla" ? [{ name: "_XlaMustCompile", type: TF_ATTR_BOOL, value: true }] : [];
    const outputs = binding
      .executeOp(functionName, attributes, ids, traced.outputCount)
      .map((output) => backend.createOutputTensor(output));
    return traced.result(outputs, tensors);
  }

  function requireAlive(tensor: tf.Tensor, place: number): tf.Tensor {
    if (!tensor.isDisposed) return tensor;
    throw new MetaError("BAD_OPTION", `${name}: tensor ${place + 1} of the arguments is disposed.`);
  }

  function captured(capture: Capture): { readonly dataId: object } {
    const isAlive =
      capture instanceof tf.Variable
        ? !capture.isDisposed
        : tf.engine().state.tensorInfo.has(capture);
    if (!isAlive) {
      throw new MetaError(
        "BAD_OPTION",
        `${name} uses a ${capture instanceof tf.Variable ? "variable" : "tensor"} that is not an argument of it, ` +
          "and that was disposed since it was compiled. Pass it as an argument, or keep it.",
      );
    }
    return { dataId: capture instanceof tf.Variable ? capture.dataId : capture };
  }

  /** XLA and GPUs take the nearest row, or zeros, for an index that does not exist. */
  function requireIndices(indices: Int32Array, length: number): void {
    const wrong = indices.find((index) => index < 0 || index >= length);
    if (wrong === undefined) return;
    throw new MetaError(
      "BAD_DATA",
      `${name}: gather: the index ${wrong} is not in [0, ${length}).`,
    );
  }

  function removeOldest(): void {
    const [key, oldest] = ready.entries().next().value as [string, Ready];
    ready.delete(key);
    binding.removeFunction(oldest.functionName);
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
