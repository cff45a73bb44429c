import { readFileSync } from "node:fs";
import { mkdir, open, readdir, rm, rmdir, stat, utimes } from "node:fs/promises";
import { hostname } from "node:os";
import { dirname, join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { MetaError } from "../errors.js";

/** A hold on a directory, for one process at a time. */
export interface RunLock {
  release(): Promise<void>;
}

const heartbeatMs = 15_000;
/** On another host, a process cannot be asked for; it counts as dead when it was silent for so long. */
const silenceMs = 600_000;

const pattern = /^(?<host>.+)\.(?<pid>\d+)\.(?<started>\d+)\.lock$/;

/**
 * Takes hold of a directory. Every process that wants to has a file of its own in it, named after
 * host, process and the time at which the process started: it goes on only when it sees no living
 * one but its own, so that of two that come at once at most one does. Files of processes that were
 * killed do not count, and are deleted; since no two processes have the same name, that cannot hit
 * a living one. Folders that it made and that are still empty when it is released are taken away.
 *
 * @param patienceMs how long to wait for one that is about to end, such as the child of a killed process
 * @throws MetaError `RUN_LOCKED` when another process has it
 */
export async function lockRun(directory: string, patienceMs = 3_000): Promise<RunLock> {
  const own = `${hostname()}.${process.pid}.${startTime(process.pid)}.lock`;
  const path = join(directory, own);
  const until = performance.now() + patienceMs;
  let made: string | undefined;
  for (;;) {
    // Again, since whoever had it may have taken the folder away.
    made = (await mkdir(directory, { recursive: true })) ?? made;
    const holder = await tryLock(directory, own);
    if (holder === undefined) break;
    if (performance.now() > until) throw locked(directory, holder);
    await sleep(50 + 100 * Math.random()); // two that refused each other come back at different times
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

/** Whether a process, on this host or another one, has hold of a directory. Changes nothing. */
export async function isLocked(directory: string): Promise<boolean> {
  const names = await readdir(directory).catch((): string[] => []);
  const locks = names.filter((name) => pattern.test(name));
  const alive = await Promise.all(locks.map((name) => isAlive(join(directory, name), name)));
  return alive.includes(true);
}

/** Takes away a folder and those above it up to `top`, as far as nothing is in them. */
async function removeEmpty(folder: string, top: string): Promise<void> {
  const isGone = await rmdir(folder).then(
    () => true,
    () => false,
  );
  if (isGone && folder !== top) await removeEmpty(dirname(folder), top);
}

/** Puts the file `own` there and leaves it unless another one is alive, whose name is returned. */
async function tryLock(directory: string, own: string): Promise<string | undefined> {
  const path = join(directory, own);
  try {
    await (await open(path, "wx")).close();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // This very process has it, or another one has just taken the folder away.
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
    return (error as NodeJS.ErrnoException).code === "EPERM"; // of another user
  }
}

/**
 * When a process was started, in clock ticks since the machine was: numbers of processes are used
 * again. 0 where the system does not tell.
 */
function startTime(pid: number): number {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The second field is a name in parentheses, which may hold anything; this is field 22.
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
    `${directory} is in use by process ${pid} on ${host}. Wait for it, or stop it; a run is for one process at a time. If that process is gone, delete ${join(directory, holder)}.`,
  );
}
