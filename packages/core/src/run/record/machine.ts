import { availableParallelism, cpus, release, totalmem, type } from "node:os";

/** The machine of a run: operating system and processor. The engine is recorded apart from it. */
export interface Machine {
  /** For example `Linux 6.1.0, x64`. */
  readonly system: string;
  readonly processor: string;
  /** Hardware threads available to this process. */
  readonly threads: number;
  readonly memoryBytes: number;
}

/** Describes this machine. */
export function describeMachine(): Machine {
  return {
    system: `${type()} ${release()}, ${process.arch}`,
    processor: cpus()[0]?.model.trim() ?? "unknown",
    threads: availableParallelism(),
    memoryBytes: totalmem(),
  };
}
