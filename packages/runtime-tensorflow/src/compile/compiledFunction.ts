import type { CompilationListener } from "@metalearn/core";
import * as tf from "@tensorflow/tfjs";
import { graphBackendName } from "../binding/backendNames.js";
import type { NativeBinding } from "../binding/binding.js";
import { bySignature, type Callable, type CompiledFunction } from "./bySignature.js";
import type { CompleteOptions } from "./compileOptions.js";
import { type Executable, execute } from "./execute.js";
import type { GraphBackend } from "./graphBackend.js";
import { signatureOf } from "./structure.js";
import { type TraceRequest, traceFunction } from "./traceFunction.js";

/** Options of a compiled function. */
export interface CompiledFunctionOptions {
  readonly binding: NativeBinding;
  readonly options: Omit<CompleteOptions, "mode">;
  readonly mode: TraceRequest["mode"];
  /** {@link TraceRequest.threads} */
  readonly threads?: number | undefined;
  readonly listener: Required<CompilationListener>;
}

/** See `TensorRuntime.compile`. */
export function compiledFunction(
  fn: Callable,
  { binding, mode, threads, options, listener }: CompiledFunctionOptions,
): CompiledFunction {
  const { name = fn.name || "function", precision, signatures, donate } = options;
  return bySignature<Executable>({
    name,
    signatures,
    listener,
    fn,
    trace(args, signature, functionName) {
      const backend = tf.findBackend(graphBackendName) as GraphBackend;
      const request = { fn, args, signature, name, functionName, precision, mode, threads };
      return { traced: traceFunction(binding, backend, request), functionName, name };
    },
    run(compiled, args, { tensors }) {
      const donated = donate.flatMap((i) => signatureOf(name, [args[i]]).tensors);
      return execute(binding, compiled, tensors, new Set(donated));
    },
    remove({ traced, functionName }) {
      if (!traced.elementwise) binding.removeFunction(functionName);
    },
  });
}
