// The few wire types of Protocol Buffers that event files need.
// Source: protobuf.dev/programming-guides/encoding

const wireTypes = { varint: 0, double: 1, bytes: 2, float: 5 } as const;

/** A whole number of at least 0, or an enum's value. */
export function varintField(field: number, value: number): Buffer {
  return Buffer.concat([tag(field, "varint"), varint(value)]);
}

export function doubleField(field: number, value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleLE(value);
  return Buffer.concat([tag(field, "double"), bytes]);
}

export function floatField(field: number, value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatLE(value);
  return Buffer.concat([tag(field, "float"), bytes]);
}

/** A text, or a message within a message. */
export function bytesField(field: number, ...parts: readonly (string | Buffer)[]): Buffer {
  const bytes = Buffer.concat(parts.map((part) => Buffer.from(part)));
  return Buffer.concat([tag(field, "bytes"), varint(bytes.length), bytes]);
}

function tag(field: number, type: keyof typeof wireTypes): Buffer {
  return varint(field * 8 + wireTypes[type]);
}

/** Seven bits per byte, the lowest first; no bit operations, which would cut at 32 bits. */
function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 128) {
    bytes.push((rest % 128) + 128);
    rest = Math.floor(rest / 128);
  }
  return Buffer.from([...bytes, rest]);
}
