import type { Compilation, CompileOptions } from "@metalearn/core";
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
        onCompile: (compilation) => compilations.push(compilation),
      });
      open.push(compiled);
      return compiled.call as (...args: A) => R;
    },
    compilations: () => [...compilations],
    dispose() {
      for (const compiled of open.splice(0)) compiled.dispose();
    },
  };
}
