import { randomBytes } from "node:crypto";
import { appendFile, mkdir, open, readdir, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { MetaError } from "../errors.js";

/**
 * Writes a file or a directory atomically: `write` receives a temporary path beside `path`, which is renamed
 * to `path` once `write` has succeeded. An existing directory is replaced at that moment.
 *
 * @throws MetaError `DISK_FULL` or `WRITE_FAILED`; what `write` throws
 */
export async function writeAtomically(
  path: string,
  write: (temporary: string) => Promise<void>,
): Promise<void> {
  const directory = dirname(path);
  const suffix = randomBytes(6).toString("hex");
  const temporary = join(directory, `.${basename(path)}.${suffix}.tmp`);
  try {
    await mkdir(directory, { recursive: true });
    await write(temporary);
    await rename(temporary, path).catch(async (error: NodeJS.ErrnoException) => {
      if (error.code !== "ENOTEMPTY" && error.code !== "EEXIST") throw error;
      await removeAtomically(path);
      await rename(temporary, path);
    });
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    throw explained(error, path);
  }
  await sync(directory); // the rename itself must survive a power cut
}

/** Writes text, or bytes, atomically and waits until they are on disk. */
export async function writeTextAtomically(path: string, text: string | Uint8Array): Promise<void> {
  await writeAtomically(path, async (temporary) => {
    const file = await open(temporary, "w");
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
  });
}

/**
 * Appends text to a file. After a crash or on a full disk, part of the text may have been written.
 *
 * @throws MetaError `DISK_FULL` or `WRITE_FAILED`
 */
export async function appendText(path: string, text: string): Promise<void> {
  await appendFile(path, text).catch((error) => {
    throw explained(error, path);
  });
}

/** Deletes a file or a directory atomically. @throws MetaError `WRITE_FAILED` */
export async function removeAtomically(path: string): Promise<void> {
  const temporary = `${path}.tmp`;
  try {
    await rm(temporary, { recursive: true, force: true }); // of a call that was killed
    await rename(path, temporary);
    await rm(temporary, { recursive: true, force: true });
  } catch (error) {
    throw explained(error, path);
  }
}

/** Deletes leftovers of killed calls of the functions above from a folder. */
export async function removeLeftovers(folder: string): Promise<void> {
  const names = await readdir(folder).catch((): string[] => []);
  const leftovers = names.filter((name) => name.endsWith(".tmp"));
  await Promise.all(
    leftovers.map((name) => rm(join(folder, name), { recursive: true, force: true })),
  );
}

/**
 * Turns an error of the operating system while writing into one that says what to do: `DISK_FULL`, or
 * `WRITE_FAILED` for a rename that fails, a folder without permission and the like. Returns others unchanged.
 */
export function explained(error: unknown, path: string): unknown {
  if (!(error instanceof Error && "syscall" in error)) return error;
  const { code = "" } = error as NodeJS.ErrnoException;
  const after = "What was written before is complete:";
  if (code === "ENOSPC" || code === "EDQUOT") {
    return new MetaError(
      "DISK_FULL",
      `There is no space left to write ${path}. ${after} free some space, and run the same command again to resume.`,
      { cause: error },
    );
  }
  return new MetaError(
    "WRITE_FAILED",
    `Cannot write ${path}: ${error.message}. ${after} check the folder's permissions and its file system, and run the same command again to resume.`,
    { cause: error },
  );
}

/** Flushes a directory's entries to disk. */
async function sync(directory: string): Promise<void> {
  const handle = await open(directory, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
