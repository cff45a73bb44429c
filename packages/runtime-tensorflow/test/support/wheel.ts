import { writeFileSync } from "node:fs";
import { crc32 } from "node:zlib";

/**
 * Writes a ZIP archive, as wheels are, of uncompressed files.
 *
 * Source: PKWARE's APPNOTE.TXT, sections 4.3.7 (local file header), 4.3.12 (central directory) and
 * 4.3.16 (end of central directory).
 */
export function writeWheel(path: string, files: Readonly<Record<string, string | Buffer>>): void {
  const local: Buffer[] = [];
  const central: Buffer[] = [];
  let offset = 0;
  for (const [file, content] of Object.entries(files)) {
    const name = Buffer.from(file);
    const data = Buffer.from(content);
    const common = Buffer.alloc(26); // version, flags, method, time, date, checksum, sizes, lengths
    common.writeUInt16LE(20, 0);
    common.writeUInt32LE(crc32(data), 10);
    common.writeUInt32LE(data.length, 14);
    common.writeUInt32LE(data.length, 18);
    common.writeUInt16LE(name.length, 22);
    const place = Buffer.alloc(14); // comment, disk, attributes, offset of the local header
    place.writeUInt32LE(0o100644 * 2 ** 16, 6);
    place.writeUInt32LE(offset, 10);
    local.push(signature("PK\x03\x04"), common, name, data);
    central.push(signature("PK\x01\x02\x14\x03"), common, place, name);
    offset += 4 + common.length + name.length + data.length;
  }
  const directory = Buffer.concat(central);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(Object.keys(files).length, 4);
  end.writeUInt16LE(Object.keys(files).length, 6);
  end.writeUInt32LE(directory.length, 8);
  end.writeUInt32LE(offset, 12);
  writeFileSync(path, Buffer.concat([...local, directory, signature("PK\x05\x06"), end]));
}

function signature(text: string): Buffer {
  return Buffer.from(text, "latin1");
}
