import { readFileSync } from "node:fs";
import type { TensorRuntime } from "@metalearn/core";

/** The most memory that this process has held so far, in MiB. Linux only. */
export function peakMiB(): number {
  const status = readFileSync("/proc/self/status", "utf8");
  return Math.round(Number(/VmHWM:\s+(\d+)/.exec(status)?.[1]) / 1024);
}

/**
 * The most memory that this process has held, and a GPU's: what tensors have filled at most where the
 * allocator counts it, else what all processes have taken by now.
 */
export function memoryPeaks(engine: Pick<TensorRuntime, "memory">): {
  peakMiB: number;
  deviceMiB?: number;
} {
  const { device } = engine.memory();
  const bytes = device && (device.peakBytes ?? device.usedBytes);
  return { peakMiB: peakMiB(), ...(bytes && { deviceMiB: Math.round(bytes / 2 ** 20) }) };
}
