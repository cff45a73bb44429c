import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";
import { z } from "zod";

/** Schema of a {@link ProcessIdentity}. */
export const identitySchema = z.object({
  host: z.string(),
  /** Id of the kernel's boot: equal in all containers of a machine. Empty where the system has no `/proc`. */
  boot: z.string(),
  /** PID namespace: in another one, equal numbers are other processes. Empty as above. */
  namespace: z.string(),
  pid: z.int().min(1),
  /** Start time in clock ticks since boot, which tells a process from an earlier one with its number; 0 as above. */
  started: z.int().min(0),
});

/** Identity of a process across hosts, containers and reuse of process ids. */
export type ProcessIdentity = z.output<typeof identitySchema>;

/** The identity of this process. */
export function ownIdentity(): ProcessIdentity {
  return {
    host: hostname(),
    boot: readOrEmpty(() => readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim()),
    namespace: readOrEmpty(() => readlinkSync("/proc/self/ns/pid")),
    pid: process.pid,
    started: startTime(process.pid),
  };
}

/**
 * Looks a process up by its id and start time.
 *
 * @returns nothing for a process that cannot be seen from here: on another host, or in another container
 */
export function isRunning(other: ProcessIdentity): boolean | undefined {
  const own = ownIdentity();
  const isNear = (["host", "boot", "namespace"] as const).every((key) => own[key] === other[key]);
  if (!isNear) return undefined;
  return exists(other.pid) && startTime(other.pid) === other.started;
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM"; // alive, but another user's
  }
}

function startTime(pid: number): number {
  const text = readOrEmpty(() => readFileSync(`/proc/${pid}/stat`, "utf8"));
  // Field 22. The second field is a name in parentheses, which may contain spaces and parentheses.
  return Number(text.slice(text.lastIndexOf(")") + 2).split(" ")[19] ?? 0);
}

function readOrEmpty(read: () => string): string {
  try {
    return read();
  } catch {
    return "";
  }
}
