import { type FileHandle, open } from "node:fs/promises";
import { basename } from "node:path";
import { lockFile } from "./fileLock.js";
import { parseLockContent } from "./lockContent.js";
import { isRunning, ownIdentity } from "./processIdentity.js";

/** A lock file as this process first saw it. */
interface Sight {
  readonly signature: string;
  /** `performance.now()`: no clocks of other hosts are compared. */
  readonly since: number;
}

/** Lock files that are being watched, by path. */
const watched = new Map<string, Sight>();

/**
 * Finds out whether the process that made a lock file is alive. Where it can neither be looked up nor asked for by
 * the file's own lock, the file is watched from call to call: it is alive if the content changes, and dead if it
 * does not for `silenceMs`.
 *
 * @returns nothing if the file has to be watched for longer
 */
export async function isHeld(path: string, silenceMs: number): Promise<boolean | undefined> {
  let file: FileHandle;
  try {
    file = await open(path, "r"); // anew in every look: network file systems then ask the server
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return false;
    throw error;
  }
  try {
    const text = await file.readFile("utf8");
    const content = parseLockContent(text);
    const isSeen = content && isRunning(content);
    if (isSeen !== undefined) return isSeen;
    if (content?.isLocked) {
      const isFree = await lockFile(file.fd, "shared");
      if (isFree === false) return true;
      const { boot } = ownIdentity();
      // One kernel knows all of its locks; that of another host may not have told this one.
      if (isFree && boot !== "" && boot === content.boot) return false;
    }
    return watch(path, `${text} ${(await file.stat()).mtimeMs}`, silenceMs);
  } finally {
    await file.close();
  }
}

function watch(path: string, signature: string, silenceMs: number): boolean | undefined {
  const before = watched.get(path);
  if (!before) {
    watched.set(path, { signature, since: performance.now() });
    return undefined;
  }
  if (before.signature !== signature) {
    watched.set(path, { signature, since: performance.now() });
    return true;
  }
  return performance.now() - before.since < silenceMs ? undefined : false;
}

/** The process that made a lock file, for messages: `process 4711 on host`. */
export async function holderOf(path: string): Promise<string> {
  const file = await open(path, "r").catch(() => undefined);
  const content = parseLockContent((await file?.readFile("utf8").catch(() => "")) ?? "");
  await file?.close();
  // Earlier versions: host, process id and start time are in the name.
  const { host, pid } =
    content ?? /^(?<host>.+)\.(?<pid>\d+)\.[\da-f]+\.lock$/.exec(basename(path))?.groups ?? {};
  return `process ${pid ?? "unknown"} on ${host ?? "another host"}`;
}
