/** A value of metadata with its type in GGUF. */
export type RawValue =
  | { readonly type: "u32" | "u64" | "i64" | "f32" | "bool"; readonly value: number | bigint }
  | { readonly type: "text"; readonly value: string | Uint8Array }
  | { readonly type: "texts"; readonly value: readonly string[] }
  | { readonly type: "bytes"; readonly value: Uint8Array }
  /** Bytes of a value as they are, after the number of their type. */
  | { readonly type: number; readonly value: Uint8Array };

/** A tensor as a GGUF file describes it: fastest dimension first. */
export interface RawTensor {
  readonly name: string;
  readonly dims: readonly (number | bigint)[];
  readonly type: number;
  readonly offset: number | bigint;
}

/** The parts of a GGUF file, of which all but the first two have defaults that are the truth. */
export interface RawGguf {
  readonly metadata: readonly (readonly [string, RawValue])[];
  readonly tensors: readonly RawTensor[];
  readonly data?: Uint8Array;
  readonly magic?: string;
  readonly version?: number;
  readonly tensorCount?: bigint;
  readonly keyCount?: bigint;
  readonly alignment?: number;
}

/** The bytes of a GGUF file, following the format's published description. */
export function rawGguf(file: RawGguf): Buffer {
  const { metadata, tensors, data = new Uint8Array(0), alignment = 32 } = file;
  const header = Buffer.concat([
    Buffer.from(file.magic ?? "GGUF"),
    u32(file.version ?? 3),
    u64(file.tensorCount ?? tensors.length),
    u64(file.keyCount ?? metadata.length),
    ...metadata.flatMap(([key, value]) => [text(key), rawValue(value)]),
    ...tensors.flatMap(({ name, dims, type, offset }) => [
      text(name),
      u32(dims.length),
      ...dims.map(u64),
      u32(type),
      u64(offset),
    ]),
  ]);
  const padding = Buffer.alloc((alignment - (header.length % alignment)) % alignment);
  return Buffer.concat([header, padding, data]);
}

export function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

export function u64(value: number | bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}

function text(value: string | Uint8Array): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([u64(bytes.length), bytes]);
}

function rawValue(raw: RawValue): Buffer {
  switch (raw.type) {
    case "u32":
      return Buffer.concat([u32(4), u32(Number(raw.value))]);
    case "u64":
      return Buffer.concat([u32(10), u64(raw.value)]);
    case "i64": {
      const bytes = Buffer.alloc(8);
      bytes.writeBigInt64LE(BigInt(raw.value));
      return Buffer.concat([u32(11), bytes]);
    }
    case "f32": {
      const bytes = Buffer.alloc(4);
      bytes.writeFloatLE(Number(raw.value));
      return Buffer.concat([u32(6), bytes]);
    }
    case "bool":
      return Buffer.concat([u32(7), Buffer.from([Number(raw.value)])]);
    case "text":
      return Buffer.concat([u32(8), text(raw.value)]);
    case "texts":
      return Buffer.concat([u32(9), u32(8), u64(raw.value.length), ...raw.value.map(text)]);
    case "bytes":
      return Buffer.concat([u32(9), u32(0), u64(raw.value.length), raw.value]);
    default:
      return Buffer.concat([u32(raw.type), raw.value]);
  }
}
