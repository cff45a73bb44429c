import { Worker } from "node:worker_threads";

/** Milliseconds between two beats. */
const interval = 5_000;

/** Runs in a thread of its own, because a single operation may keep the main thread busy for minutes. */
const program = `
const { fdatasyncSync, writeSync } = require("node:fs");
const { workerData: { descriptor, position, milliseconds } } = require("node:worker_threads");
let beats = 0;
setInterval(() => {
  beats += 1;
  try {
    writeSync(descriptor, String(beats).padStart(12, "0"), position);
    fdatasyncSync(descriptor); // so that other hosts see it
  } catch {} // a file system that is away for a while: the next beat tries again
}, milliseconds);
`;

/**
 * Counts up a number of twelve digits in a file, as a sign of life for other hosts. It is observed by its changes,
 * so clocks do not matter.
 *
 * @param position byte of the file at which the number stands
 */
export function startHeartbeat(
  descriptor: number,
  position: number,
  milliseconds = interval,
): { stop(): Promise<void> } {
  const workerData = { descriptor, position, milliseconds };
  const worker = new Worker(program, { eval: true, workerData, execArgv: [], stdout: false });
  worker.on("error", () => {}); // without a thread there is no beat; the file's own lock remains
  worker.unref();
  return {
    async stop() {
      await worker.terminate();
    },
  };
}
