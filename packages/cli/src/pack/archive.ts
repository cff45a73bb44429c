import { Buffer } from "node:buffer";
import { createReadStream } from "node:fs";
import { lstat, readlink } from "node:fs/promises";
import { MetaError, type PackedFile } from "@metalearn/core";
import { Header, type HeaderData, Pax } from "tar";

/** Size of a header; every size in the archive is a multiple of it. */
const blockBytes = 512;

/**
 * Streams a tar archive of files, in their order. Equal files give equal bytes: there are no times and no
 * owners. A pax header precedes an entry whose path or link does not fit a plain header.
 *
 * @throws MetaError `BAD_DATA` for a file whose size changes in between
 */
export async function* archive(files: readonly PackedFile[]): AsyncGenerator<Buffer> {
  for (const file of files) {
    const { path } = file;
    if ("content" in file) {
      const content = Buffer.from(file.content);
      yield* entry({ path, size: content.length, mode: file.mode ?? 0o644 }, [content]);
      continue;
    }
    const stat = await lstat(file.source);
    if (stat.isSymbolicLink()) {
      const linkpath = await readlink(file.source);
      yield* entry({ path, size: 0, mode: 0o777, type: "SymbolicLink", linkpath }, []);
      continue;
    }
    const mode = stat.mode & 0o111 ? 0o755 : 0o644;
    const content = createReadStream(file.source, { highWaterMark: 1 << 20 });
    yield* entry({ path, size: stat.size, mode }, content);
  }
  yield Buffer.alloc(2 * blockBytes);
}

async function* entry(
  fields: HeaderData & { path: string; size: number },
  content: AsyncIterable<Buffer> | Iterable<Buffer>,
): AsyncGenerator<Buffer> {
  const bytes = Buffer.alloc(blockBytes);
  const header = new Header({ type: "File", ...fields, uid: 0, gid: 0, mtime: new Date(0) });
  const needsPax = header.encode(bytes);
  if (needsPax) yield new Pax(fields).encode();
  yield bytes;
  let size = 0;
  for await (const chunk of content) {
    size += chunk.length;
    yield chunk;
  }
  if (size !== fields.size) {
    const { path } = fields;
    throw new MetaError(
      "BAD_DATA",
      `Expected ${fields.size} bytes of ${path}, got ${size}: the file changed while it was packed. Pack again.`,
    );
  }
  yield Buffer.alloc((blockBytes - (size % blockBytes)) % blockBytes);
}
