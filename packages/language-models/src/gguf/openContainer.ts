import type { FileHandle } from "node:fs/promises";
import { MetaError } from "@metalearn/core";
import { type Complaint, openForReading, readFully } from "@metalearn/core/files";
import { type GgufHeader, type GgufTensor, parseGgufHeader } from "./ggufHeader.js";
import { moreBytes } from "./headerCursor.js";

/** An open GGUF file: tensors as stored, under the names of llama.cpp. */
export interface GgufContainer extends GgufHeader {
  readonly path: string;
  readonly bad: Complaint;
  /** Reads the stored bytes of a tensor, or `count` of them starting at `from`. */
  bytes(tensor: GgufTensor, from?: number, count?: number): Promise<Uint8Array<ArrayBuffer>>;
  close(): Promise<void>;
}

/** Bytes that are read first; most headers are shorter. */
const firstRead = 4 * 2 ** 20;
/** Maximum, in bytes, as for safetensors. A vocabulary of 262,144 tokens with merges takes some 20 million. */
const longestHeader = 100_000_000;

/** Makes errors about a GGUF file. */
export function ggufComplaint(path: string): Complaint {
  return (what, cause) =>
    new MetaError("BAD_CHECKPOINT", `${path} is not a usable GGUF file: ${what}.`, { cause });
}

/**
 * The header that was read last. Opening a model asks for its configuration, its tensors' names and its tokenizer one
 * after the other, and a vocabulary takes long to parse. Kept under the file's identity, size and times.
 */
let latest: { readonly identity: string; readonly header: GgufHeader } | undefined;

/**
 * Opens a GGUF file and reads its header, unless that was done last and the file has not changed since.
 *
 * @throws MetaError `MISSING_FILE`; `BAD_CHECKPOINT` when it is damaged, or no GGUF file
 */
export function openContainer(path: string): Promise<GgufContainer> {
  const bad = ggufComplaint(path);
  return openForReading(path, async (file) => {
    const identity = await identityOf(file);
    if (latest?.identity !== identity) latest = { identity, header: await readHeader(file, bad) };
    return {
      ...latest.header,
      path,
      bad,
      async bytes(tensor, from = 0, count) {
        const bytes = new Uint8Array(count ?? (tensor.bytes as number) - from);
        await readFully(file, bytes, tensor.position + from, bad);
        return bytes;
      },
      close: () => file.close(),
    };
  });
}

async function identityOf(file: FileHandle): Promise<string> {
  const { dev, ino, size, mtimeNs, ctimeNs } = await file.stat({ bigint: true });
  return [dev, ino, size, mtimeNs, ctimeNs].join();
}

/** Reads the header, with more bytes of the file until it is complete. */
async function readHeader(file: FileHandle, bad: Complaint): Promise<GgufHeader> {
  const { size } = await file.stat();
  for (let read = firstRead; ; read *= 4) {
    const bytes = new Uint8Array(Math.min(read, size, longestHeader));
    await readFully(file, bytes, 0, bad);
    try {
      return parseGgufHeader(bytes, size, bad);
    } catch (error) {
      if (error !== moreBytes) throw error;
      if (bytes.length === longestHeader) {
        throw bad(`its header is longer than ${longestHeader} bytes`);
      }
    }
  }
}
