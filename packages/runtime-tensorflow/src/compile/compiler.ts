import {
  type Compilation,
  type CompilationListener,
  type CompileOptions,
  type OpenStages,
  parseOptions,
  type Stages,
  type TensorRuntime,
} from "@metalearn/core";
import type { NativeBinding } from "../binding/binding.js";
import type { Callable, CompiledFunction } from "./bySignature.js";
import { compiledFunction } from "./compiledFunction.js";
import { type CompileDefaults, compileOptions } from "./compileOptions.js";
import { type StagedCallable, stagedFunction } from "./stages/stagedFunction.js";

/** Compiles functions for an engine, and owns the compilations. */
export interface Compiler extends Required<Pick<TensorRuntime, "compile" | "compileStages">> {
  compilations(): readonly Compilation[];
  onCompile(listener: CompilationListener): void;
  /** Frees all compilations; compiled functions cannot be called afterwards. */
  dispose(): void;
}

/**
 * @param defaults for the options that a call of `compile` leaves out, and the threads that the
 *   engine has
 */
export function openCompiler(
  binding: NativeBinding,
  { threads, ...defaults }: CompileDefaults & { readonly threads: number },
): Compiler {
  const compilations: Compilation[] = [];
  const open: { dispose(): void }[] = [];
  const listeners: CompilationListener[] = [
    { end: (compilation) => void compilations.push(compilation) },
  ];
  const listener: Required<CompilationListener> = {
    // Memory left over from loading and compiling should not count for the peak.
    begin: (compilation) => {
      binding.trimMemory();
      for (const { begin } of listeners) begin?.(compilation);
    },
    end: (compilation) => {
      for (const { end } of listeners) end?.(compilation);
    },
  };
  const keep = ({ call, dispose }: CompiledFunction): Callable => {
    open.push({ dispose });
    return call;
  };
  const complete = (options: CompileOptions) => {
    const { mode, ...complete } = parseOptions(compileOptions, { ...defaults, ...options });
    return { binding, mode, options: complete, listener } as const;
  };
  return {
    compile<A extends readonly unknown[], R>(fn: (...args: A) => R, options: CompileOptions = {}) {
      const { mode, ...more } = complete(options);
      if (mode === "eager") return fn;
      const own = binding.isUsingGpuDevice() ? undefined : threads;
      const compiled = compiledFunction(fn as Callable, { ...more, mode, threads: own });
      return keep(compiled) as (...args: A) => R;
    },
    compileStages<A extends readonly unknown[], E, L, R>(
      fn: (...args: A) => Stages<E, L, R>,
      lateLike: (...args: A) => L,
      options: Omit<CompileOptions, "donate"> = {},
    ) {
      type Compiled = (...args: A) => OpenStages<E, L, R>;
      const { mode, ...more } = complete(options);
      if (mode === "eager") return (...args: A) => ({ ...fn(...args), dispose() {} });
      const like = lateLike as Callable;
      const compiled = stagedFunction(fn as StagedCallable, like, { ...more, mode });
      return keep(compiled) as Compiled;
    },
    compilations: () => [...compilations],
    onCompile: (added) => void listeners.push(added),
    dispose() {
      for (const compiled of open.splice(0)) compiled.dispose();
    },
  };
}
