import { randomBytes } from "node:crypto";
import { closeSync, fdatasyncSync, openSync, writeFileSync } from "node:fs";
import { mkdir, readdir, rename, rm, rmdir, stat } from "node:fs/promises";
import { hostname } from "node:os";
import { dirname, join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { explained } from "../../checkpoint/files.js";
import { MetaError } from "../../errors.js";
import { lockFile } from "./fileLock.js";
import { startHeartbeat } from "./heartbeat.js";
import { lockContent } from "./lockContent.js";
import { holderOf, isHeld } from "./lockHolder.js";
import { ownIdentity } from "./processIdentity.js";

/** A lock on a directory, held by one process at a time. */
export interface RunLock {
  /**
   * Checks that the lock has not been lost: a process that was suspended for longer than others wait for a sign of
   * life may find that one of them has taken it.
   *
   * @throws MetaError `RUN_LOCKED`
   */
  confirm(): Promise<void>;
  release(): Promise<void>;
}

/** Options of {@link lockRun}. */
export interface LockOptions {
  /** Milliseconds to wait for a holder that is about to exit, such as the child of a killed process. @default 3000 */
  readonly patienceMs?: number;
  /**
   * Milliseconds without a sign of life after which a process that cannot be looked up counts as dead: on another
   * host, or in a container whose file system has no locks. @default 30000
   */
  readonly silenceMs?: number;
  /** Called once with a message when such a process has to be watched. @default no-op */
  readonly notify?: (message: string) => void;
  /** Ends the waiting. */
  readonly signal?: AbortSignal | undefined;
}

const pattern = /\.lock$/;

/**
 * Locks a directory. A process creates a lock file of its own, and holds the lock only if every other lock file
 * belongs to a dead process; so of two processes that try at once, at most one succeeds. Lock files of dead
 * processes are deleted. Names are unique, so a living process cannot lose its file that way. On release, folders
 * that the call created are removed if they are empty.
 *
 * A lock file says which process made it, by host, boot, PID namespace, id and start time, is locked by the kernel
 * where it can be (`flock`), and has a number that counts up every 5 seconds. Whoever finds it looks the process up
 * if it is within sight, asks the kernel on the same machine, and otherwise watches whether the number changes.
 *
 * @throws MetaError `RUN_LOCKED` when another process holds the lock; `INTERRUPTED` when the signal is aborted;
 *   `DISK_FULL` or `WRITE_FAILED`
 */
export async function lockRun(
  directory: string,
  { patienceMs = 3_000, silenceMs = 30_000, notify, signal }: LockOptions = {},
): Promise<RunLock> {
  const until = performance.now() + patienceMs;
  let made: string | undefined;
  let own: OwnFile | undefined;
  let isTold = false;
  try {
    while (own === undefined) {
      // In every attempt, because the previous holder may have removed the folder.
      made = (await mkdir(directory, { recursive: true })) ?? made;
      const { holder, isSure } = await otherHolder(directory, undefined, silenceMs);
      if (holder === undefined) own = await tryLock(directory, silenceMs);
      if (own) break;
      if (isSure && performance.now() > until && holder) throw await locked(directory, holder);
      if (!isSure && holder && !isTold) notify?.(await watching(directory, holder, silenceMs));
      isTold ||= !isSure;
      if (signal?.aborted) {
        throw new MetaError("INTERRUPTED", `Stopped waiting for the lock of ${directory}.`);
      }
      await sleep(50 + 100 * Math.random()); // so that two that blocked each other retry at different times
    }
  } catch (error) {
    throw explained(error, join(directory, ".lock"));
  }
  const { descriptor, path, beatsAt } = own;
  const heartbeat = startHeartbeat(descriptor, beatsAt);
  return {
    async confirm() {
      if (await exists(path)) return;
      throw new MetaError(
        "RUN_LOCKED",
        `The lock file ${path} is gone: another process has taken the run over, because this one showed no sign of life, or the folder was deleted. This process writes nothing more.`,
      );
    },
    async release() {
      await heartbeat.stop();
      await rm(path, { force: true });
      closeSync(descriptor);
      if (made !== undefined) await removeEmpty(resolve(directory), resolve(made));
    },
  };
}

/** True if a process, on this host or another one, holds the lock of a directory. Reads only. */
export async function isLocked(directory: string): Promise<boolean> {
  const minute = 60_000;
  for (const name of await lockFiles(directory)) {
    const path = join(directory, name);
    const found = await isHeld(path, 30_000);
    if (found) return true;
    // At first sight of one that has to be watched: by its age.
    const touched = found === undefined && (await stat(path).catch(() => undefined));
    if (touched && Date.now() - touched.mtimeMs < 10 * minute) return true;
  }
  return false;
}

/** Removes a folder and its parents up to `top`, as long as they are empty. */
async function removeEmpty(folder: string, top: string): Promise<void> {
  const isGone = await rmdir(folder).then(
    () => true,
    () => false,
  );
  if (isGone && folder !== top) await removeEmpty(dirname(folder), top);
}

interface OwnFile {
  readonly path: string;
  /** Not a `FileHandle`, which the garbage collector may close, and the lock with it. */
  readonly descriptor: number;
  /** Byte at which the number of beats stands. */
  readonly beatsAt: number;
}

/** Creates a lock file. @returns nothing, and no file is left, if there is another holder */
async function tryLock(directory: string, silenceMs: number): Promise<OwnFile | undefined> {
  const name = `${hostname()}.${process.pid}.${randomBytes(6).toString("hex")}.lock`;
  const path = join(directory, name);
  const temporary = `${path}.tmp`; // no lock before the kernel has locked it
  let descriptor: number | undefined;
  try {
    descriptor = openSync(temporary, "wx+");
    const isLocked = (await lockFile(descriptor, "exclusive")) === true;
    const { text, beatsAt } = lockContent(ownIdentity(), isLocked);
    writeFileSync(descriptor, text);
    fdatasyncSync(descriptor);
    await rename(temporary, path);
    const { holder } = await otherHolder(directory, name, silenceMs);
    if (holder === undefined) return { path, descriptor, beatsAt };
  } catch (error) {
    await withdraw();
    // Another process has just removed the folder.
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  await withdraw();
  return undefined;

  async function withdraw() {
    await rm(path, { force: true });
    await rm(temporary, { force: true });
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

/**
 * Finds a lock file other than `own` whose process is not dead, and deletes those of dead ones.
 *
 * @returns `isSure` is false for one that has to be watched for longer
 */
async function otherHolder(
  directory: string,
  own: string | undefined,
  silenceMs: number,
): Promise<{ holder?: string; isSure: boolean }> {
  let unsure: string | undefined;
  for (const name of await lockFiles(directory)) {
    if (name === own) continue;
    const found = await isHeld(join(directory, name), silenceMs);
    if (found) return { holder: name, isSure: true };
    if (found === undefined) unsure = name;
    else await rm(join(directory, name), { force: true });
  }
  return unsure === undefined ? { isSure: true } : { holder: unsure, isSure: false };
}

async function lockFiles(directory: string): Promise<string[]> {
  const names = await readdir(directory).catch((): string[] => []);
  return names.filter((name) => pattern.test(name));
}

function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    ({ code }: NodeJS.ErrnoException) => code !== "ENOENT",
  );
}

async function locked(directory: string, holder: string): Promise<MetaError> {
  return new MetaError(
    "RUN_LOCKED",
    `${directory} is in use by ${await holderOf(join(directory, holder))}: only one process at a time can work on a run. Wait for it, or stop it. If that process is gone, delete ${join(directory, holder)}.`,
  );
}

async function watching(directory: string, holder: string, silenceMs: number): Promise<string> {
  const seconds = Math.round(silenceMs / 1000);
  return `${directory} was in use by ${await holderOf(join(directory, holder))}, which cannot be looked up from here. Waiting up to ${seconds} s for a sign of life; without one, this process takes the run over.`;
}
