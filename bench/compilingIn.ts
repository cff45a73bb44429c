import type { CompileOptions, TensorRuntime } from "@metalearn/core";

/** An engine with these options for everything that is compiled. */
export function compilingIn(engine: TensorRuntime, chosen: CompileOptions): TensorRuntime {
  return {
    ...engine,
    compile: (fn, options) => engine.compile(fn, { ...options, ...chosen }),
    compileStages: (fn, lateLike, options) =>
      (engine as Required<TensorRuntime>).compileStages(fn, lateLike, { ...options, ...chosen }),
  };
}
