import { readFileSync } from "node:fs";
import { mkdir, open, readdir, rm, rmdir, stat, utimes } from "node:fs/promises";
import { hostname } from "node:os";
import { dirname, join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { MetaError } from "../errors.js";

/** A lock on a directory, held by one process at a time. */
export interface RunLock {
  release(): Promise<void>;
}

const heartbeatMs = 15_000;
/** Processes on other hosts cannot be queried: one that has not touched its file for this long counts as dead. */
const silenceMs = 600_000;

const pattern = /^(?<host>.+)\.(?<pid>\d+)\.(?<started>\d+)\.lock$/;

/**
 * Locks a directory. A process creates a lock file of its own, named after host, process id and start
 * time, and holds the lock only if every other lock file belongs to a dead process; so of two processes
 * that try at once, at most one succeeds. Lock files of dead processes are deleted. Names are unique,
 * so a living process cannot lose its file that way. On release, folders that the call created are
 * removed if they are empty.
 *
 * @param patienceMs time to wait for a holder that is about to exit, such as the child of a killed process
 * @throws MetaError `RUN_LOCKED` when another process holds the lock
 */
export async function lockRun(directory: string, patienceMs = 3_000): Promise<RunLock> {
  const own = `${hostname()}.${process.pid}.${startTime(process.pid)}.lock`;
  const path = join(directory, own);
  const until = performance.now() + patienceMs;
  let made: string | undefined;
  for (;;) {
    // In every attempt, because the previous holder may have removed the folder.
    made = (await mkdir(directory, { recursive: true })) ?? made;
    const holder = await tryLock(directory, own);
    if (holder === undefined) break;
    if (performance.now() > until) throw locked(directory, holder);
    await sleep(50 + 100 * Math.random()); // so that two that blocked each other retry at different times
  }
  const heartbeat = setInterval(() => void touch(path), heartbeatMs);
  heartbeat.unref();
  return {
    async release() {
      clearInterval(heartbeat);
      await rm(path, { force: true });
      if (made !== undefined) await removeEmpty(resolve(directory), resolve(made));
    },
  };
}

/** True if a process, on this host or another one, holds the lock of a directory. Reads only. */
export async function isLocked(directory: string): Promise<boolean> {
  const names = await readdir(directory).catch((): string[] => []);
  const locks = names.filter((name) => pattern.test(name));
  const alive = await Promise.all(locks.map((name) => isAlive(join(directory, name), name)));
  return alive.includes(true);
}

/** Removes a folder and its parents up to `top`, as long as they are empty. */
async function removeEmpty(folder: string, top: string): Promise<void> {
  const isGone = await rmdir(folder).then(
    () => true,
    () => false,
  );
  if (isGone && folder !== top) await removeEmpty(dirname(folder), top);
}

/** Creates the lock file `own`. @returns the lock file of a living holder, if there is one; `own` is then removed */
async function tryLock(directory: string, own: string): Promise<string | undefined> {
  const path = join(directory, own);
  try {
    await (await open(path, "wx")).close();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // This process already holds it, or another one has just removed the folder.
    if (code === "EEXIST" || code === "ENOENT") return own;
    throw error;
  }
  for (const name of await readdir(directory)) {
    if (name === own || !pattern.test(name)) continue;
    if (await isAlive(join(directory, name), name)) {
      await rm(path, { force: true });
      return name;
    }
    await rm(join(directory, name), { force: true });
  }
  return undefined;
}

async function isAlive(path: string, name: string): Promise<boolean> {
  const { host, pid, started } = pattern.exec(name)?.groups ?? {};
  if (host === hostname())
    return isRunning(Number(pid)) && String(startTime(Number(pid))) === started;
  const touched = await stat(path).catch(() => undefined);
  return touched !== undefined && Date.now() - touched.mtimeMs < silenceMs;
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM"; // alive, but another user's
  }
}

/**
 * Start time of a process in clock ticks since boot, which tells it from an earlier one with the same
 * id. 0 where the system has no `/proc`.
 */
function startTime(pid: number): number {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    // Field 22. The second field is a name in parentheses, which may contain spaces and parentheses.
    return Number(text.slice(text.lastIndexOf(")") + 2).split(" ")[19]);
  } catch {
    return 0;
  }
}

async function touch(path: string): Promise<void> {
  const now = new Date();
  await utimes(path, now, now).catch(() => {}); // the directory may have been deleted
}

function locked(directory: string, holder: string): MetaError {
  const { host, pid } = pattern.exec(holder)?.groups ?? {};
  return new MetaError(
    "RUN_LOCKED",
    `${directory} is in use by process ${pid} on ${host}: only one process at a time can work on a run. Wait for it, or stop it. If that process is gone, delete ${join(directory, holder)}.`,
  );
}
