import { spawn } from "node:child_process";
import { once } from "node:events";

/**
 * Takes the kernel's lock (`flock(2)`) on an open file, without waiting. Node.js has no such call: the
 * program `flock` of util-linux or BusyBox inherits the descriptor and locks its open file description, which
 * this process shares. The kernel gives the lock back when the last descriptor is closed, by a kill as well.
 *
 * @param mode `shared` asks for a lock that others may have as well, which a file open for reading allows
 * @returns false if another process holds it; nothing where there is no such program, or a file system that
 *   cannot lock
 */
export async function lockFile(
  descriptor: number,
  mode: "exclusive" | "shared",
): Promise<boolean | undefined> {
  const child = spawn("flock", [mode === "shared" ? "-s" : "-x", "-n", "3"], {
    stdio: ["ignore", "ignore", "ignore", descriptor],
  });
  try {
    const [code] = await once(child, "exit");
    return code === 0 ? true : code === 1 ? false : undefined;
  } catch {
    return undefined; // there is no such program
  }
}
