/** What has to be known of a TensorFlow operation to put it into a graph. */
export interface OperationDefinition {
  /** In order: whether an input is a list, and the attribute that says how long. */
  readonly inputs: readonly { readonly isList: boolean; readonly lengthAttribute?: string }[];
  /** Attributes that must be given; the others follow from the inputs. */
  readonly attributes: ReadonlySet<string>;
  /** Whether the same inputs may give other outputs the next time, as random numbers do. */
  readonly isStateful: boolean;
}

/**
 * Reads a serialized `tensorflow.OpDef`. The few fields that are needed do not justify a protobuf
 * library.
 *
 * Source: tensorflow/core/framework/op_def.proto, whose field numbers these are.
 */
export function readOperationDefinition(bytes: Uint8Array): OperationDefinition {
  const attributes = new Set<string>();
  const inferred = new Set<string>();
  const inputs: { isList: boolean; lengthAttribute?: string }[] = [];
  let isStateful = false;
  for (const [field, content] of fields(bytes)) {
    if (typeof content === "number") {
      if (field === 17) isStateful = content !== 0;
    } else if (field === 2) {
      // input_arg, an ArgDef: type_attr = 4, number_attr = 5, type_list_attr = 6
      const argument = new Map(fields(content));
      for (const attribute of [4, 5, 6]) inferred.add(textOf(argument.get(attribute)));
      const length = argument.get(5);
      inputs.push({
        isList: length !== undefined || argument.has(6),
        ...(length && { lengthAttribute: textOf(length) }),
      });
    } else if (field === 4) {
      // attr, an AttrDef: name = 1
      attributes.add(textOf(new Map(fields(content)).get(1)));
    }
  }
  for (const attribute of inferred) attributes.delete(attribute);
  return { inputs, attributes, isStateful };
}

/** The fields that hold bytes, which are texts and messages, or integers. Other numbers are passed over. */
function* fields(bytes: Uint8Array): Generator<[field: number, content: Uint8Array | number]> {
  let at = 0;
  const varint = () => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++] ?? 0;
      value += (byte & 127) * 2 ** shift;
      if (byte < 128) return value;
    }
  };
  while (at < bytes.length) {
    const tag = varint();
    const wireType = tag & 7;
    if (wireType === 0) yield [tag >> 3, varint()];
    else if (wireType === 1) at += 8;
    else if (wireType === 5) at += 4;
    else {
      const length = varint();
      yield [tag >> 3, bytes.subarray(at, at + length)];
      at += length;
    }
  }
}

function textOf(content: Uint8Array | number | undefined): string {
  return typeof content === "number" ? "" : new TextDecoder().decode(content);
}
