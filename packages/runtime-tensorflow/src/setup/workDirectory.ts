import { mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { cacheDirectory, MetaError, messageOf } from "@metalearn/core";

/**
 * Runs `work` with an empty folder on the same file system as the results, so that they can be moved
 * into place in one step. The folder is removed afterwards, together with those of runs that were
 * killed.
 */
export async function withWorkDirectory<T>(work: (directory: string) => Promise<T>): Promise<T> {
  const parent = join(cacheDirectory(), "work");
  const directory = await create(parent);
  try {
    return await work(directory);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function create(parent: string): Promise<string> {
  try {
    await mkdir(parent, { recursive: true });
    await removeAbandoned(parent);
    return await mkdtemp(join(parent, `${owner(process.pid)}-`));
  } catch (error) {
    throw new MetaError(
      "ENGINE_UNAVAILABLE",
      `The setup cannot write to its cache directory: ${messageOf(error)}. Set METALEARN_CACHE to a folder that it may write to.`,
      { cause: error },
    );
  }
}

/** Name of the process that owns a folder, with its host: machines that share a cache may have equal process ids. */
function owner(pid: number | string): string {
  return `${hostname()}-${pid}`;
}

async function removeAbandoned(parent: string): Promise<void> {
  for (const name of await readdir(parent)) {
    const pid = /-(\d+)-[^-]+$/.exec(name)?.[1];
    if (!pid || !name.startsWith(`${owner(pid)}-`) || isRunning(Number(pid))) continue;
    await rm(join(parent, name), { recursive: true, force: true });
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0); // signal 0 only asks
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "ESRCH";
  }
}
