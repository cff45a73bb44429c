import { PbfReader } from "pbf";

/** Definition of a TensorFlow operation, as needed to add it to a graph. */
export interface OperationDefinition {
  /** Inputs, in order: true if it is a list, and the attribute with the list's length. */
  readonly inputs: readonly { readonly isList: boolean; readonly lengthAttribute?: string }[];
  /** Attributes that must be given; the others follow from the inputs. */
  readonly attributes: ReadonlySet<string>;
  /** True if equal inputs may give different outputs, as for random numbers. */
  readonly isStateful: boolean;
}

/**
 * Reads a serialized `tensorflow.OpDef`.
 *
 * Source: tensorflow/core/framework/op_def.proto, whose field numbers these are.
 */
export function readOperationDefinition(bytes: Uint8Array): OperationDefinition {
  const definition: OpDef = { arguments: [], attributes: [], isStateful: false };
  new PbfReader(bytes).readFields(readOpDef, definition);
  const attributes = new Set(definition.attributes);
  for (const { typeAttribute, numberAttribute, typeListAttribute } of definition.arguments) {
    for (const inferred of [typeAttribute, numberAttribute, typeListAttribute]) {
      if (inferred !== undefined) attributes.delete(inferred);
    }
  }
  return {
    inputs: definition.arguments.map(({ numberAttribute, typeListAttribute }) => ({
      isList: numberAttribute !== undefined || typeListAttribute !== undefined,
      ...(numberAttribute !== undefined && { lengthAttribute: numberAttribute }),
    })),
    attributes,
    isStateful: definition.isStateful,
  };
}

interface OpDef {
  readonly arguments: ArgDef[];
  readonly attributes: string[];
  isStateful: boolean;
}

interface ArgDef {
  typeAttribute?: string;
  numberAttribute?: string;
  typeListAttribute?: string;
}

function readOpDef(field: number, definition: OpDef, reader: PbfReader): void {
  if (field === 2) definition.arguments.push(reader.readMessage(readArgDef, {}));
  else if (field === 4)
    definition.attributes.push(reader.readMessage(readAttrDef, { name: "" }).name);
  else if (field === 17) definition.isStateful = reader.readBoolean();
}

function readArgDef(field: number, argument: ArgDef, reader: PbfReader): void {
  if (field === 4) argument.typeAttribute = reader.readString();
  else if (field === 5) argument.numberAttribute = reader.readString();
  else if (field === 6) argument.typeListAttribute = reader.readString();
}

function readAttrDef(field: number, attribute: { name: string }, reader: PbfReader): void {
  if (field === 1) attribute.name = reader.readString();
}
