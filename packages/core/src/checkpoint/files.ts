import { randomBytes } from "node:crypto";
import { mkdir, open, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

/**
 * Writes a file or a directory so that it is either there whole or not at all: `write` gets a
 * temporary path beside `path`, which takes its place only when `write` has succeeded.
 */
export async function writeAtomically(
  path: string,
  write: (temporary: string) => Promise<void>,
): Promise<void> {
  const directory = dirname(path);
  await mkdir(directory, { recursive: true });
  const suffix = randomBytes(6).toString("hex");
  const temporary = join(directory, `.${basename(path)}.${suffix}.tmp`);
  try {
    await write(temporary);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    throw error;
  }
  await sync(directory); // the rename itself must survive a power cut
}

/** Writes text atomically and waits until it is on disk. */
export async function writeTextAtomically(path: string, text: string): Promise<void> {
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

/** Waits until a directory's entries are on disk. */
async function sync(directory: string): Promise<void> {
  const handle = await open(directory, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
