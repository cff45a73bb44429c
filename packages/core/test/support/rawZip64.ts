/** A file of a large archive, of which only the beginning may be given; the rest is a hole. */
export interface SparseFile {
  readonly name: string;
  readonly data: Uint8Array;
  /** @default the length of `data` */
  readonly bytes?: number;
}

/** Bytes, and where in a file they belong. */
export interface Piece {
  readonly at: number;
  readonly data: Buffer;
}

/**
 * The bytes of a ZIP archive with sizes and places of 64 bits, without checksums. Source: APPNOTE.TXT, sections
 * 4.3.14, 4.3.15 and 4.5.3.
 */
export function rawZip64(files: readonly SparseFile[]): Piece[] {
  const pieces: Piece[] = [];
  const directory: Buffer[] = [];
  let at = 0;
  for (const { name, data, bytes = data.length } of files) {
    const local = Buffer.alloc(30);
    local.write("PK\x03\x04");
    local.writeUInt16LE(name.length, 26);
    pieces.push({ at, data: Buffer.concat([local, Buffer.from(name), data]) });
    const central = Buffer.alloc(46);
    central.write("PK\x01\x02");
    central.fill(0xff, 20, 28); // the sizes are in the extra field
    central.writeUInt16LE(name.length, 28);
    central.writeUInt16LE(28, 30);
    central.fill(0xff, 42); // the place, too
    const extra = Buffer.alloc(28);
    extra.writeUInt16LE(1, 0);
    extra.writeUInt16LE(24, 2);
    for (const [i, value] of [bytes, bytes, at].entries()) {
      extra.writeBigUInt64LE(BigInt(value), 4 + 8 * i);
    }
    directory.push(central, Buffer.from(name), extra);
    at += local.length + name.length + bytes;
  }
  const entries = Buffer.concat(directory);
  const end64 = Buffer.alloc(56);
  end64.write("PK\x06\x06");
  for (const [i, value] of [files.length, files.length, entries.length, at].entries()) {
    end64.writeBigUInt64LE(BigInt(value), 24 + 8 * i);
  }
  const locator = Buffer.alloc(20);
  locator.write("PK\x06\x07");
  locator.writeBigUInt64LE(BigInt(at + entries.length), 8);
  const end = Buffer.alloc(22);
  end.write("PK\x05\x06");
  end.fill(0xff, 8, 20);
  return [...pieces, { at, data: Buffer.concat([entries, end64, locator, end]) }];
}
