import { createWriteStream } from "node:fs";
import { mkdir } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { crc32 } from "node:zlib";
import { MetaError, messageOf } from "@metalearn/core";
import { type Entry, openPromise, type ZipFile } from "yauzl";

/** Selection of files to unpack from a wheel. */
export interface UnpackOptions {
  /** Destination folder; files keep their paths in the wheel. */
  readonly directory: string;
  wants(path: string): boolean;
  /** Called with the fraction done, from 0 to 1. */
  onProgress?(share: number): void;
}

/**
 * Unpacks some files of a wheel, a ZIP archive, as a stream: libraries of a gigabyte are never held in memory as a
 * whole.
 *
 * @returns the size in bytes of each file, by path
 * @throws MetaError `ENGINE_UNAVAILABLE` when the wheel is damaged
 */
export async function unpack(
  wheel: string,
  { directory, wants, onProgress = () => {} }: UnpackOptions,
): Promise<Record<string, number>> {
  try {
    const zip = await openPromise(wheel, { autoClose: false });
    try {
      const entries = await listEntries(zip, wants);
      const total = entries.reduce((sum, entry) => sum + entry.uncompressedSize, 0);
      let done = 0;
      const advance = (bytes: number) => {
        done += bytes;
        onProgress(done / total);
      };
      for (const entry of entries) {
        await extract(zip, entry, join(directory, entry.fileName), advance);
      }
      return Object.fromEntries(entries.map((entry) => [entry.fileName, entry.uncompressedSize]));
    } finally {
      zip.close();
    }
  } catch (error) {
    if (typeof (error as NodeJS.ErrnoException).syscall === "string") {
      throw new MetaError(
        "ENGINE_UNAVAILABLE",
        `The setup cannot write to ${directory}: ${messageOf(error)}. Make room, or set METALEARN_CACHE to another folder.`,
        { cause: error },
      );
    }
    throw new MetaError(
      "ENGINE_UNAVAILABLE",
      `The wheel ${basename(wheel)} is damaged: ${messageOf(error)}. Run the setup again; ` +
        "if that does not help, empty pip's cache with `python3 -m pip cache purge`.",
      { cause: error },
    );
  }
}

async function listEntries(zip: ZipFile, wants: (path: string) => boolean): Promise<Entry[]> {
  const entries: Entry[] = [];
  for await (const entry of zip.eachEntry()) {
    if (!entry.fileName.endsWith("/") && wants(entry.fileName)) entries.push(entry);
  }
  return entries;
}

async function extract(
  zip: ZipFile,
  entry: Entry,
  path: string,
  advance: (bytes: number) => void,
): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  let checksum = 0;
  const observe = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      checksum = crc32(chunk, checksum);
      advance(chunk.length);
      done(null, chunk);
    },
  });
  const mode = (entry.externalFileAttributes >>> 16) & 0o777; // CUDA's compilers are programs
  await pipeline(
    await zip.openReadStreamPromise(entry),
    observe,
    createWriteStream(path, { mode: mode || 0o644 }),
  );
  if (checksum !== entry.crc32) throw new Error(`the checksum of ${entry.fileName} is wrong`);
}
