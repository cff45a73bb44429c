/** What an engine holds at the moment. */
export interface RuntimeMemory {
  /** Live tensors. */
  readonly tensors: number;
  /** Bytes of live tensors. */
  readonly tensorBytes: number;
  /** Resident memory of the process, in bytes. */
  readonly processBytes: number;
}

/** Options of {@link TensorRuntime.compile}. */
export interface CompileOptions {
  /** A name for messages and profiles. */
  readonly name?: string;
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
   */
  compile<A extends readonly unknown[], R>(
    fn: (...args: A) => R,
    options?: CompileOptions,
  ): (...args: A) => R;
  memory(): RuntimeMemory;
  /** Frees the engine; no tensor of it can be used afterwards. */
  dispose(): void;
}
