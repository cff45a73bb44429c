import { readFileSync } from "node:fs";

/** The most memory that this process has held so far, in MiB. Linux only. */
export function peakMiB(): number {
  const status = readFileSync("/proc/self/status", "utf8");
  return Math.round(Number(/VmHWM:\s+(\d+)/.exec(status)?.[1]) / 1024);
}
