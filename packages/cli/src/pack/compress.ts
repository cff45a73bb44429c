import { Buffer } from "node:buffer";
import { availableParallelism } from "node:os";
import { promisify } from "node:util";
import { gzip } from "node:zlib";

/** Large enough that starting each block with an empty dictionary costs nothing. */
const blockBytes = 1 << 24;

/**
 * Compresses a stream as gzip, blocks in parallel on all cores. `gzip -d` reads the result as one file.
 *
 * @param level 0 for none to 9 for small
 */
export async function* compress(
  chunks: AsyncIterable<Buffer>,
  level: number,
): AsyncGenerator<Buffer> {
  const running: Promise<Buffer>[] = [];
  for await (const block of inBlocks(chunks)) {
    running.push(promisify(gzip)(block, { level }));
    if (running.length > availableParallelism()) yield (await running.shift()) as Buffer;
  }
  for (const last of running) yield await last;
}

async function* inBlocks(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let waiting: Buffer[] = [];
  let size = 0;
  for await (const chunk of chunks) {
    waiting.push(chunk);
    size += chunk.length;
    if (size < blockBytes) continue;
    yield Buffer.concat(waiting);
    waiting = [];
    size = 0;
  }
  if (size > 0) yield Buffer.concat(waiting);
}
