import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";

/** Runs a program of this folder in a process of its own, and returns its output. */
export function runOurs(script: string, args: readonly string[]): Promise<string> {
  const program = [...process.execArgv, join(import.meta.dirname, script)];
  return run(process.execPath, [...program, ...args]);
}

/**
 * Runs Python in the same way. glibc would return large tensors to the system and zero every page again, so
 * that it is told to keep them.
 */
export function runPython(python: string, args: readonly string[]): Promise<string> {
  return run(python, args, {
    MALLOC_MMAP_MAX_: "0",
    MALLOC_TRIM_THRESHOLD_: String(2 ** 34),
    MALLOC_TOP_PAD_: String(2 ** 26),
  });
}

async function run(command: string, args: readonly string[], more: NodeJS.ProcessEnv = {}) {
  const env = { ...process.env, ...more };
  return (await promisify(execFile)(command, args, { env, maxBuffer: 1 << 26 })).stdout;
}
