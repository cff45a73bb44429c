import { Buffer } from "node:buffer";
import { createReadStream } from "node:fs";
import { lstat, readlink } from "node:fs/promises";
import { MetaError, type PackedFile } from "@metalearn/core";

const block = 512;

/**
 * The bytes of a tar archive with some files, in their order. It is the same for the same files: it
 * has no times and no owners.
 *
 * Source: POSIX.1-2008, pax, "ustar Interchange Format".
 *
 * @throws MetaError `BAD_OPTION` for a path that the format cannot hold
 */
export async function* archive(files: readonly PackedFile[]): AsyncGenerator<Buffer> {
  for (const file of files) {
    const { path } = file;
    if ("content" in file) {
      const content = Buffer.from(file.content);
      yield header(path, { size: content.length, mode: file.mode ?? 0o644 });
      yield* padded([content], content.length);
      continue;
    }
    const stat = await lstat(file.source);
    if (stat.isSymbolicLink()) {
      yield header(path, { size: 0, mode: 0o777, link: await readlink(file.source) });
      continue;
    }
    const mode = stat.mode & 0o111 ? 0o755 : 0o644;
    yield header(path, { size: stat.size, mode });
    yield* padded(createReadStream(file.source, { highWaterMark: 1 << 20 }), stat.size);
  }
  yield Buffer.alloc(2 * block);
}

async function* padded(chunks: AsyncIterable<Buffer> | Iterable<Buffer>, size: number) {
  yield* chunks;
  yield Buffer.alloc((block - (size % block)) % block);
}

function header(
  path: string,
  { size, mode, link = "" }: { size: number; mode: number; link?: string },
): Buffer {
  const { name, prefix } = splitPath(path);
  if (Buffer.byteLength(link) > 100) throw refuse(link);
  const bytes = Buffer.alloc(block);
  const octal = (value: number, length: number) => value.toString(8).padStart(length - 1, "0");
  bytes.write(name, 0);
  bytes.write(octal(mode, 8), 100);
  bytes.write(octal(0, 8), 108); // owner
  bytes.write(octal(0, 8), 116); // group
  bytes.write(octal(size, 12), 124);
  bytes.write(octal(0, 12), 136); // time
  bytes.write(" ".repeat(8), 148); // the checksum counts as spaces
  bytes.write(link === "" ? "0" : "2", 156);
  bytes.write(link, 157);
  bytes.write("ustar\0" + "00", 257, "latin1");
  bytes.write(prefix, 345);
  bytes.write(
    `${octal(
      bytes.reduce((sum, byte) => sum + byte, 0),
      7,
    )}\0 `,
    148,
    "latin1",
  );
  return bytes;
}

/** A path in two parts, which the format joins with a slash: of 155 and of 100 bytes at most. */
function splitPath(path: string): { name: string; prefix: string } {
  if (Buffer.byteLength(path) <= 100) return { name: path, prefix: "" };
  for (let slash = path.indexOf("/"); slash !== -1; slash = path.indexOf("/", slash + 1)) {
    const [prefix, name] = [path.slice(0, slash), path.slice(slash + 1)];
    if (Buffer.byteLength(name) <= 100 && Buffer.byteLength(prefix) <= 155) return { name, prefix };
  }
  throw refuse(path);
}

function refuse(path: string): MetaError {
  return new MetaError("BAD_OPTION", `The path ${path} is too long for an archive. Shorten it.`);
}
