import type { Compilation, CompilationListener, CompileOptions } from "@metalearn/core";
import type { NativeBinding } from "../tensorflow/binding.js";
import { type Callable, compiledFunction } from "./compiledFunction.js";

/** How functions are compiled unless told otherwise. */
export type CompileDefaults = Pick<CompileOptions, "mode" | "precision" | "signatures">;

/** Compiles functions for an engine and owns what it compiled. */
export interface Compiler {
  compile<A extends readonly unknown[], R>(
    fn: (...args: A) => R,
    options?: CompileOptions,
  ): (...args: A) => R;
  compilations(): readonly Compilation[];
  onCompile(listener: CompilationListener): void;
  /** Frees what was compiled; compiled functions cannot be called afterwards. */
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
    begin: (compilation) => {
      for (const { begin } of listeners) begin?.(compilation);
    },
    end: (compilation) => {
      for (const { end } of listeners) end?.(compilation);
    },
  };
  return {
    compile<A extends readonly unknown[], R>(fn: (...args: A) => R, options: CompileOptions = {}) {
      const merged = { ...defaults, ...options };
      const { mode = "auto" } = merged;
      if (mode === "eager") return fn;
      const compiled = compiledFunction(fn as Callable, {
        binding,
        mode,
        threads: binding.isUsingGpuDevice() ? undefined : threads,
        options: merged,
        listener,
      });
      open.push(compiled);
      return compiled.call as (...args: A) => R;
    },
    compilations: () => [...compilations],
    onCompile: (added) => void listeners.push(added),
    dispose() {
      for (const compiled of open.splice(0)) compiled.dispose();
    },
  };
}
