import { readFileSync } from "node:fs";
import type { TensorRuntime } from "@metalearn/core";

/** Peak memory of this process so far, in MiB. Linux only. */
export function peakMiB(): number {
  const status = readFileSync("/proc/self/status", "utf8");
  return Math.round(Number(/VmHWM:\s+(\d+)/.exec(status)?.[1]) / 1024);
}

/**
 * Peak memory of this process, and of a GPU: that of tensors where the allocator counts it, otherwise the
 * memory used by all processes at this moment.
 */
export function memoryPeaks(engine: Pick<TensorRuntime, "memory">): {
  peakMiB: number;
  deviceMiB?: number;
} {
  const { device } = engine.memory();
  const bytes = device && (device.peakBytes ?? device.usedBytes);
  return { peakMiB: peakMiB(), ...(bytes && { deviceMiB: Math.round(bytes / 2 ** 20) }) };
}
