import type { FileHandle } from "node:fs/promises";
import { crc32 } from "node:zlib";
import { fromRandomAccessReaderPromise, RandomAccessReader } from "yauzl";
import { MetaError, messageOf } from "../../errors.js";
import { type Complaint, readFully } from "../tensorFile.js";

/** Location of a file's bytes in a ZIP archive. */
export interface ZipRecord {
  readonly position: number;
  readonly bytes: number;
  /** Checksum; 0 when it was not computed. */
  readonly crc32: number;
}

/**
 * The files of a ZIP archive by name. They must be uncompressed, as torch.save writes them, so that parts of a large
 * file can be read.
 *
 * @throws `bad` when the archive is damaged, ambiguous or compressed
 */
export async function listZipRecords(
  file: FileHandle,
  bad: Complaint,
): Promise<ReadonlyMap<string, ZipRecord>> {
  const records = new Map<string, ZipRecord>();
  const { size } = await file.stat();
  const options = { autoClose: false };
  try {
    const zip = await fromRandomAccessReaderPromise(new FileReader(file, bad), size, options);
    try {
      for await (const entry of zip.eachEntry()) {
        const { fileName } = entry;
        if (entry.compressionMethod !== 0 || entry.isEncrypted()) {
          throw bad(`"${fileName}" in it is compressed, which torch.save never does`);
        }
        if (records.has(fileName)) throw bad(`it has two files "${fileName}"`);
        const { fileDataStart } = await zip.readLocalFileHeaderPromise(entry, { minimal: true });
        records.set(fileName, {
          position: fileDataStart,
          bytes: entry.uncompressedSize,
          crc32: entry.crc32,
        });
      }
    } finally {
      zip.close();
    }
  } catch (error) {
    if (error instanceof MetaError) throw error;
    throw bad(`it is no whole ZIP archive (${messageOf(error)})`, error);
  }
  return records;
}

/** Checks a record's bytes against its CRC-32. @throws `bad` when they differ */
export async function verifyRecord(
  file: FileHandle,
  { position, bytes, crc32: expected }: ZipRecord,
  bad: Complaint,
): Promise<void> {
  if (expected === 0) return; // torch.serialization.set_crc32_options(False)
  const chunk = new Uint8Array(Math.min(bytes, 2 ** 22));
  let checksum = 0;
  for (let done = 0; done < bytes; done += chunk.length) {
    const part = chunk.subarray(0, Math.min(chunk.length, bytes - done));
    await readFully(file, part, position + done, bad);
    checksum = crc32(part, checksum);
  }
  if (checksum !== expected) throw bad("its checksums are wrong: write or download it again");
}

/** Reads for yauzl; positions from a damaged archive may lie outside of the file. */
class FileReader extends RandomAccessReader {
  readonly #file: FileHandle;
  readonly #bad: Complaint;

  constructor(file: FileHandle, bad: Complaint) {
    super();
    this.#file = file;
    this.#bad = bad;
  }

  override read(
    buffer: Buffer,
    offset: number,
    length: number,
    position: number,
    callback: (error: Error | null) => void,
  ): void {
    readFully(this.#file, buffer.subarray(offset, offset + length), position, this.#bad).then(
      () => callback(null),
      callback,
    );
  }
}
