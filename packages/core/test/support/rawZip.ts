import { crc32 } from "node:zlib";

/** A file of a ZIP archive. */
export interface RawFile {
  readonly name: string;
  readonly data: Uint8Array;
  /** @default 0, stored */
  readonly method?: number;
  /** @default the true one */
  readonly crc?: number;
  /** What the archive says about its size, where that is not the truth. */
  readonly size?: number;
}

/** The bytes of a ZIP archive, following APPNOTE.TXT, sections 4.3.7, 4.3.12 and 4.3.16. */
export function rawZip(files: readonly RawFile[]): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let at = 0;
  for (const { name, data, method = 0, crc = crc32(data), size = data.length } of files) {
    const text = Buffer.from(name);
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0); // version needed
    common.writeUInt16LE(method, 4);
    common.writeUInt32LE(crc, 10);
    common.writeUInt32LE(size, 14);
    common.writeUInt32LE(size, 18);
    common.writeUInt16LE(text.length, 22);
    const where = Buffer.alloc(14);
    where.writeUInt32LE(at, 10);
    parts.push(Buffer.from("PK\x03\x04"), common, text, Buffer.from(data));
    directory.push(Buffer.from("PK\x01\x02\x14\x00"), common, where, text);
    at += 30 + text.length + data.length;
  }
  const entries = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.write("PK\x05\x06");
  end.writeUInt16LE(files.length, 8);
  end.writeUInt16LE(files.length, 10);
  end.writeUInt32LE(entries.length, 12);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...parts, entries, end]);
}

/** The files of an archive that {@link rawZip} or torch wrote, which stores them as they are. */
export function unzip(archive: Buffer): RawFile[] {
  const end = archive.lastIndexOf("PK\x05\x06");
  let at = archive.readUInt32LE(end + 16);
  return Array.from({ length: archive.readUInt16LE(end + 10) }, () => {
    const [size, crc] = [archive.readUInt32LE(at + 24), archive.readUInt32LE(at + 16)];
    const [nameBytes, extraBytes] = [archive.readUInt16LE(at + 28), archive.readUInt16LE(at + 30)];
    const local = archive.readUInt32LE(at + 42);
    const name = archive.toString("utf8", at + 46, at + 46 + nameBytes);
    const start = local + 30 + nameBytes + archive.readUInt16LE(local + 28);
    at += 46 + nameBytes + extraBytes + archive.readUInt16LE(at + 32);
    return { name, data: archive.subarray(start, start + size), crc };
  });
}
