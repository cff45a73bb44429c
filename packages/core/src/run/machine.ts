import { availableParallelism, cpus, release, totalmem, type } from "node:os";

/** What a run ran on, besides its engine. */
export interface Machine {
  /** For example `Linux 6.1.0, x64`. */
  readonly system: string;
  readonly processor: string;
  /** Threads of the processor that this process may use. */
  readonly threads: number;
  readonly memoryBytes: number;
}

/** This machine. */
export function describeMachine(): Machine {
  return {
    system: `${type()} ${release()}, ${process.arch}`,
    processor: cpus()[0]?.model.trim() ?? "unknown",
    threads: availableParallelism(),
    memoryBytes: totalmem(),
  };
}
