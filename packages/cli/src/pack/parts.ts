import type { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { type FileHandle, open } from "node:fs/promises";
import { join } from "node:path";

/** One of the files that a stream is split into. */
export interface Part {
  readonly name: string;
  readonly bytes: number;
  readonly sha256: string;
}

/**
 * Splits a stream into files of at most `partBytes`: `{name}.000`, `{name}.001`, …; concatenated in order,
 * they are the stream.
 */
export async function writeParts(
  chunks: AsyncIterable<Buffer>,
  { folder, name, partBytes }: { folder: string; name: string; partBytes: number },
): Promise<Part[]> {
  const parts: Part[] = [];
  let current: OpenPart | undefined;
  try {
    for await (const chunk of chunks) {
      for (let rest = chunk; rest.length > 0; ) {
        current ??= await begin(folder, `${name}.${String(parts.length).padStart(3, "0")}`);
        const taken = rest.subarray(0, partBytes - current.bytes);
        await current.write(taken);
        rest = rest.subarray(taken.length);
        if (current.bytes < partBytes) continue;
        parts.push(await current.end());
        current = undefined;
      }
    }
    if (current) parts.push(await current.end());
    return parts;
  } catch (error) {
    await current?.end();
    throw error;
  }
}

interface OpenPart {
  readonly bytes: number;
  write(chunk: Buffer): Promise<void>;
  end(): Promise<Part>;
}

async function begin(folder: string, name: string): Promise<OpenPart> {
  const file: FileHandle = await open(join(folder, name), "w");
  const hash = createHash("sha256");
  let bytes = 0;
  return {
    get bytes() {
      return bytes;
    },
    async write(chunk) {
      hash.update(chunk);
      await file.writeFile(chunk);
      bytes += chunk.length;
    },
    async end() {
      await file.close();
      return { name, bytes, sha256: hash.digest("hex") };
    },
  };
}
