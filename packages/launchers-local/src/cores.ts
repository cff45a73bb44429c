import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";

/** Numbers of the cores on which this process may run; undefined where the system does not tell. */
export function allowedCores(): number[] | undefined {
  let status: string;
  try {
    status = readFileSync("/proc/self/status", "utf8");
  } catch {
    return undefined;
  }
  const [, list] = /^Cpus_allowed_list:\s*(.*)$/m.exec(status) ?? [];
  return list === undefined ? undefined : parseCoreList(list);
}

/** Parses Linux's list of cores: `0-2,5` is 0, 1, 2 and 5. */
export function parseCoreList(list: string): number[] {
  return list.split(",").flatMap((range) => {
    const [from = 0, to = from] = range.split("-").map(Number);
    return Array.from({ length: to - from + 1 }, (_, i) => from + i);
  });
}

/**
 * Cores for each of several processes: adjacent ones, equally many for each; where there are too few,
 * processes share a core.
 */
export function shareOut(cores: readonly number[], processes: number): number[][] {
  return Array.from({ length: processes }, (_, i) => {
    const from = Math.floor((i * cores.length) / processes);
    const to = Math.floor(((i + 1) * cores.length) / processes);
    return cores.slice(from, Math.max(to, from + 1));
  });
}

/** Restricts a command to some cores, where `taskset` exists. */
export function onCores(
  cores: readonly number[] | undefined,
  command: readonly [string, ...string[]],
): readonly [string, ...string[]] {
  return cores && hasTaskset() ? ["taskset", "--cpu-list", cores.join(","), ...command] : command;
}

let found: boolean | undefined;

function hasTaskset(): boolean {
  found ??= spawnSync("taskset", ["--version"]).status === 0;
  return found;
}
