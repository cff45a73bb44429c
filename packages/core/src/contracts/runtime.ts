/** What an engine holds at the moment. */
export interface RuntimeMemory {
  /** Live tensors. */
  readonly tensors: number;
  /** Bytes of live tensors. */
  readonly tensorBytes: number;
  /** Resident memory of the process, in bytes. */
  readonly processBytes: number;
  /** Of the GPU, where one computes. */
  readonly device?: DeviceMemory;
}

/** Memory of a GPU, in bytes, as its driver counts it. */
export interface DeviceMemory {
  /** Taken by all processes together. An engine keeps what it has taken, for tensors to come. */
  readonly usedBytes: number;
  readonly totalBytes: number;
  /** The most that tensors of this process have filled, where the allocator counts it. */
  readonly peakBytes?: number;
}

/** Options of {@link TensorRuntime.compile}. */
export interface CompileOptions {
  /** A name for messages and records. @default the function's own */
  readonly name?: string;
  /**
   * `graph` runs the operations as TensorFlow's graph executor does, `xla` through the XLA compiler,
   * which takes longer to compile. `elementwise` is for functions that treat every element by itself,
   * as updates of optimizers do, on a CPU: memory is read and written once. `eager` runs the function
   * itself, for debugging. `auto` lets the runtime choose; {@link Compilation.mode} tells what it chose.
   *
   * @default "auto"
   */
  readonly mode?: CompileMode | "eager" | "auto";
  /**
   * `bfloat16` rounds both sides of every matrix product to 8 significant bits, which is faster on
   * hardware made for it; results and everything else stay float32.
   *
   * @default "float32"
   */
  readonly precision?: Precision;
  /**
   * Compilations to keep, one per combination of shapes; the one that was not used for the longest
   * time makes room.
   *
   * @default 32
   */
  readonly signatures?: number;
  /**
   * Arguments, by position, whose tensors the caller gives away: the function may return their
   * memory with new values in it. Whether it does or not, the caller must not use them after the
   * call, and disposes them as ever; to keep one, pass a clone of it.
   *
   * @default none
   */
  readonly donate?: readonly number[];
}

/** What a function of two stages computes: what it can at once, and the rest when it has the late argument. */
export interface Stages<E, L, R> {
  readonly early: E;
  /** May be called more than once. */
  finish(late: L): R;
}

/** Stages that hold what the late one goes on from. */
export interface OpenStages<E, L, R> extends Stages<E, L, R> {
  /** Frees that, as the end of a `tidy` around the call does; `early` stays. */
  dispose(): void;
}

/** How a compiled function is executed. */
export type CompileMode = "graph" | "xla" | "elementwise";

/** What the operands of matrix products are rounded to. */
export type Precision = "float32" | "bfloat16";

/** A function was compiled for arguments of certain shapes. */
export interface Compilation {
  /** {@link CompileOptions.name} */
  readonly name: string;
  readonly mode: CompileMode;
  /** `float32` also where `bfloat16` was asked for and there is no matrix product. */
  readonly precision: Precision;
  /** Counts the compilations of the function, each for other shapes: 1 for the first. */
  readonly shapes: number;
  /** Operations in the graph, constants included. */
  readonly operations: number;
  /** Duration of running the JavaScript function to record its operations. */
  readonly traceMs: number;
  /** Duration of the first run, in which the engine optimises and compiles. */
  readonly firstRunMs: number;
}

/** Is told of compilations while they happen. Nothing else happens meanwhile in this thread. */
export interface CompilationListener {
  /** Called before the first run, which may take the engine many seconds. */
  begin?(compilation: Omit<Compilation, "firstRunMs">): void;
  /** Called after it, unless it failed. */
  end?(compilation: Compilation): void;
}

/** How long compiling took, in seconds: recording, and first runs with what they computed. */
export function compileSeconds(compilations: readonly Compilation[]): number {
  return (
    compilations.reduce((sum, { traceMs, firstRunMs }) => sum + traceMs + firstRunMs, 0) / 1000
  );
}

/**
 * The engine below TensorFlow.js: where tensors live and how a function over tensors runs.
 * Models and learners use TensorFlow.js operations only and never name an engine.
 */
export interface TensorRuntime {
  /** `tensorflow`, `wasm` or `cpu`. */
  readonly name: string;
  /** `cpu` or `cuda:0`. */
  readonly device: string;
  /** The engine's version, for the run's record. */
  readonly version: string;
  /**
   * Turns a pure function over tensors into a faster one with the same results. An engine that
   * cannot compile returns the function itself.
   *
   * The function runs once for every combination of shapes, types and other arguments, to record
   * its operations; after that only what it recorded runs. So it must not read a tensor's values,
   * and whatever else it reads or draws in JavaScript (`Math.random`, variables of its module)
   * stays as it was that first time. Tensors that it uses but is not passed are read anew on each
   * call and must not be disposed before. `fn` takes and returns tensors in plain records and arrays;
   * the result belongs to the caller, as that of `fn` would.
   *
   * Called inside another compiled function it becomes part of that one, with that one's options.
   * Called while TensorFlow.js records operations for a gradient it runs `fn` itself, so that the
   * gradient is right; to have a compiled gradient, compile the function that takes the gradient.
   *
   * @throws MetaError `NOT_COMPILABLE`, when the compiled function is called, for an operation that
   *   cannot be recorded; `BAD_OPTION` for an argument that is neither tensor nor plain value
   */
  compile<A extends readonly unknown[], R>(
    fn: (...args: A) => R,
    options?: CompileOptions,
  ): (...args: A) => R;
  /**
   * As {@link compile}, for a function of which one argument comes later: everything that does not
   * depend on it is computed once, whichever stage needs it, and kept in between. The arguments must
   * not be disposed before the last call of `finish`. An engine that cannot compile has none of it.
   *
   * @param lateLike tensors of the same form and shapes as the late argument will have
   */
  compileStages?<A extends readonly unknown[], E, L, R>(
    fn: (...args: A) => Stages<E, L, R>,
    lateLike: (...args: A) => L,
    options?: Omit<CompileOptions, "donate">,
  ): (...args: A) => OpenStages<E, L, R>;
  /** What was compiled so far, in order; empty for an engine that cannot compile. */
  compilations(): readonly Compilation[];
  /** Tells of compilations from now on. An engine that cannot compile needs none of it. */
  onCompile?(listener: CompilationListener): void;
  memory(): RuntimeMemory;
  /** Frees the engine; no tensor of it can be used afterwards. */
  dispose(): void;
}
