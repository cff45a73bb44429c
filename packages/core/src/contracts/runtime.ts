/** Current memory use of an engine. */
export interface RuntimeMemory {
  /** Live tensors. */
  readonly tensors: number;
  /** Bytes of live tensors. */
  readonly tensorBytes: number;
  /** Resident memory of the process, in bytes. */
  readonly processBytes: number;
  /** Memory of the GPU, if the engine runs on one. */
  readonly device?: DeviceMemory;
}

/** Memory of a GPU, in bytes, as its driver counts it. */
export interface DeviceMemory {
  /** Used by all processes together. Engines keep freed memory for later tensors. */
  readonly usedBytes: number;
  readonly totalBytes: number;
  /** Peak use by tensors of this process, if the allocator counts it. */
  readonly peakBytes?: number;
}

/** Options of {@link TensorRuntime.compile}. */
export interface CompileOptions {
  /** Name for messages and records. @default the function's name */
  readonly name?: string;
  /**
   * `graph`: TensorFlow's graph executor. `xla`: the XLA compiler, which takes longer to compile.
   * `elementwise`: for functions that compute each element independently, such as optimizer updates, on a
   * CPU; memory is read and written once. `eager`: no compilation, for debugging. `auto`: the runtime
   * chooses; {@link Compilation.mode} is its choice.
   *
   * @default "auto"
   */
  readonly mode?: CompileMode | "eager" | "auto";
  /**
   * `bfloat16` rounds both operands of every matrix product to 8 significant bits, which is faster on
   * hardware made for it; products and everything else stay float32.
   *
   * @default "float32"
   */
  readonly precision?: Precision;
  /**
   * Maximum number of compilations kept, one per combination of shapes; the least recently used one is
   * dropped.
   *
   * @default 32
   */
  readonly signatures?: number;
  /**
   * Arguments, by position, whose tensors the caller donates: the function may overwrite their memory
   * with its results. The caller must not read them after the call, but still disposes them; to keep a
   * tensor, pass a clone of it.
   *
   * @default none
   */
  readonly donate?: readonly number[];
}

/** Result of a function in two stages: outputs that need only the early arguments, and the rest. */
export interface Stages<E, L, R> {
  readonly early: E;
  /** Computes the rest from the late argument. May be called more than once. */
  finish(late: L): R;
}

/** {@link Stages} that hold the intermediate results that `finish` needs. */
export interface OpenStages<E, L, R> extends Stages<E, L, R> {
  /** Frees the intermediate results, as the end of a surrounding `tidy` does; `early` stays. */
  dispose(): void;
}

/** Executor of a compiled function. */
export type CompileMode = "graph" | "xla" | "elementwise";

/** Precision of the operands of matrix products. */
export type Precision = "float32" | "bfloat16";

/** Record of one compilation: a function, for arguments of certain shapes. */
export interface Compilation {
  /** {@link CompileOptions.name} */
  readonly name: string;
  readonly mode: CompileMode;
  /** `float32` also where `bfloat16` was requested and the function has no matrix product. */
  readonly precision: Precision;
  /** Number of this compilation among those of the function, each for other shapes; from 1. */
  readonly shapes: number;
  /** Number of operations in the graph, constants included. */
  readonly operations: number;
  /** Milliseconds of tracing: one run of the JavaScript function that records its operations. */
  readonly traceMs: number;
  /** Milliseconds of the first run, in which the engine optimises and compiles. */
  readonly firstRunMs: number;
}

/** Listener for compilations. Compiling blocks the JavaScript thread. */
export interface CompilationListener {
  /** Called before the first run, which may take the engine many seconds. */
  begin?(compilation: Omit<Compilation, "firstRunMs">): void;
  /** Called after it, unless it failed. */
  end?(compilation: Compilation): void;
}

/** Seconds spent on compilations: tracing, and first runs including their results. */
export function compileSeconds(compilations: readonly Compilation[]): number {
  return (
    compilations.reduce((sum, { traceMs, firstRunMs }) => sum + traceMs + firstRunMs, 0) / 1000
  );
}

/**
 * The engine below TensorFlow.js: holds tensors, and runs and compiles functions over them. Models and
 * learners use TensorFlow.js operations only and never name an engine.
 */
export interface TensorRuntime {
  /** `tensorflow`, `wasm` or `cpu`. */
  readonly name: string;
  /** `cpu` or `cuda:0`. */
  readonly device: string;
  /** Version of the engine, for the run's record. */
  readonly version: string;
  /**
   * Compiles a pure function over tensors into a faster one with the same results, as `tf.function` and
   * `jax.jit` do. An engine that cannot compile returns `fn` itself.
   *
   * `fn` is traced: it runs once for every combination of shapes, types and non-tensor arguments, and
   * later calls run only the recorded operations. So `fn` must not read a tensor's values, and other
   * values that it reads in JavaScript (`Math.random`, module variables) are frozen at tracing. Captured
   * tensors, which `fn` uses without being passed, are read anew on each call and must not be disposed
   * before. Arguments and results are tensors in plain records and arrays; the caller owns the results.
   *
   * Called inside another compiled function, the function becomes part of that one, with its options.
   * Called while TensorFlow.js records a gradient, it runs `fn` uncompiled, so that the gradient is
   * right; to compile a gradient, compile the function that takes it.
   *
   * @throws MetaError when the compiled function is called: `NOT_COMPILABLE` for an operation that cannot
   *   be recorded, `BAD_OPTION` for an argument that is neither a tensor nor a plain value
   */
  compile<A extends readonly unknown[], R>(
    fn: (...args: A) => R,
    options?: CompileOptions,
  ): (...args: A) => R;
  /**
   * Compiles a function whose last argument is known only later, such as the vector of a Hessian-vector
   * product: operations that do not depend on it run once, in the early stage, and their results are
   * kept. The arguments must not be disposed before the last call of `finish`. Absent on engines that
   * cannot compile.
   *
   * @param lateLike tensors of the structure and shapes that the late argument will have
   */
  compileStages?<A extends readonly unknown[], E, L, R>(
    fn: (...args: A) => Stages<E, L, R>,
    lateLike: (...args: A) => L,
    options?: Omit<CompileOptions, "donate">,
  ): (...args: A) => OpenStages<E, L, R>;
  /** All compilations so far, in order; empty on engines that cannot compile. */
  compilations(): readonly Compilation[];
  /** Calls `listener` for compilations from now on. Absent on engines that cannot compile. */
  onCompile?(listener: CompilationListener): void;
  memory(): RuntimeMemory;
  /** Frees the engine, whose tensors cannot be used afterwards. */
  dispose(): void;
}
