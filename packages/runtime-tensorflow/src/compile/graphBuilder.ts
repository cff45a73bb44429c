import { MetaError } from "@metalearn/core";
import { util } from "@tensorflow/tfjs";
import type {
  NativeAttribute,
  NativeBinding,
  NativeTensor,
  NativeValues,
} from "../binding/binding.js";
import { type OperationDefinition, readOperationDefinition } from "./operationDefinition.js";
import { userLine } from "./sourceLine.js";

/** Minimum size of a host array that is stored as one number if all its elements are equal. */
const fillFrom = 256;

/** Maximum size of constants that are stored once if equal: axes, shapes, scalars. */
const sharedUpTo = 16;

/** An output of an operation in a graph. */
export interface GraphOutput {
  readonly operation: string;
  readonly shape: readonly number[];
  /** One of the binding's `TF_FLOAT`, `TF_INT32`, … */
  readonly dtype: number;
  /** Outputs that the operation reads. */
  readonly inputs: readonly number[];
  /** The values of a small constant. */
  readonly values?: NativeValues;
}

/** Puts operations into the graph that is open in the binding. */
export class GraphBuilder {
  readonly #binding: NativeBinding;
  readonly #functionName: string;
  readonly #outputs: GraphOutput[] = [];
  readonly #constants = new Map<string, NativeTensor>();
  readonly #operations = new Map<string, NativeTensor[]>();
  readonly #definitions = new Map<string, OperationDefinition>();

  constructor(binding: NativeBinding, functionName: string) {
    this.#binding = binding;
    this.#functionName = functionName;
  }

  /** Number of outputs so far. */
  get size(): number {
    return this.#outputs.length;
  }

  /** Returns an output by its id. @throws Error when there is no such output */
  output(id: number): GraphOutput {
    const output = this.#outputs[id];
    if (!output) throw new Error(`${this.#functionName}: its graph has no output ${id}.`);
    return output;
  }

  /**
   * Lists the operations that `outputs` depend on, themselves included, in order of computation.
   *
   * @param given outputs already computed, which are left out with everything that only they depend on
   */
  needed(outputs: readonly number[], given: ReadonlySet<number> = new Set()): number[] {
    const found = new Set<number>();
    const open = [...outputs];
    for (let id = open.pop(); id !== undefined; id = open.pop()) {
      if (found.has(id) || given.has(id)) continue;
      found.add(id);
      open.push(...this.output(id).inputs);
    }
    return [...found].sort((a, b) => a - b); // an operation is numbered after what it takes
  }

  /** Total number of elements of `outputs`. */
  elements(outputs: readonly number[]): number {
    return outputs.reduce((sum, id) => sum + util.sizeFromShape([...this.output(id).shape]), 0);
  }

  /** Adds an input of the function. */
  placeholder(shape: readonly number[], dtype: number): NativeTensor {
    return this.#note("Placeholder", this.#binding.addPlaceholder(shape, dtype));
  }

  /**
   * Adds a constant from JavaScript. TensorFlow.js's zeros, ones and missing gradients are whole arrays, which would
   * take memory and time in a graph.
   */
  constant(shape: readonly number[], dtype: number, data: NativeValues): NativeTensor {
    if (!ArrayBuffer.isView(data)) return this.#newConstant(shape, dtype, data); // texts
    if (data.length <= sharedUpTo) {
      const key = `${dtype}[${shape}]:${[...data].map((x) => (Object.is(x, -0) ? "-0" : x))}`;
      const constant = this.#constants.get(key) ?? this.#newConstant(shape, dtype, data, data);
      this.#constants.set(key, constant);
      return constant;
    }
    if (data.length < fillFrom || !repeatsOneNumber(data as Float32Array)) {
      return this.#newConstant(shape, dtype, data);
    }
    const { TF_INT32 } = this.#binding;
    const dims = this.constant([shape.length], TF_INT32, Int32Array.from(shape));
    const value = this.constant([], dtype, (data as Float32Array).subarray(0, 1));
    return this.operation("Fill", [], [dims.id, value.id], 1)[0] as NativeTensor;
  }

  /**
   * Adds an operation. An operation equal to an earlier one, with the same inputs, is not added again: functions with
   * a common part, such as a gradient and a Hessian-vector product, share it in the graph.
   *
   * @param attributes as for an eager call; attributes that the operation does not have are ignored
   * @throws MetaError `NOT_COMPILABLE` when the shape of an output depends on values
   */
  operation(
    name: string,
    attributes: readonly NativeAttribute[],
    inputs: readonly number[],
    outputCount: number,
  ): NativeTensor[] {
    const definition = this.#definition(name);
    if (definition.isStateful) return this.#newOperation(name, attributes, inputs, outputCount);
    const key = JSON.stringify([name, inputs, attributes], exactly);
    const outputs =
      this.#operations.get(key) ?? this.#newOperation(name, attributes, inputs, outputCount);
    this.#operations.set(key, outputs);
    return outputs;
  }

  /** Adds a copy of an output. */
  copy(id: number): NativeTensor {
    return this.#newOperation("Identity", [], [id], 1)[0] as NativeTensor;
  }

  #newOperation(
    name: string,
    attributes: readonly NativeAttribute[],
    inputs: readonly number[],
    outputCount: number,
  ): NativeTensor[] {
    const definition = this.#definition(name);
    const outputs = this.#binding.addOperation(
      name,
      attributes.filter((attribute) => definition.attributes.has(attribute.name)),
      groupInputs(definition, attributes, inputs),
      outputCount,
    );
    for (const { shape } of outputs.map((output) => this.#note(name, output, inputs))) {
      if (shape.includes(-1)) {
        throw new MetaError(
          "NOT_COMPILABLE",
          `${this.#functionName}: the shape of what ${name}${userLine()} returns depends on values, ` +
            "which are not known while a function is compiled. Compute it outside and pass it as an argument.",
        );
      }
    }
    return outputs;
  }

  /** Evaluates an output. @throws MetaError `NOT_COMPILABLE` when the value depends on an argument */
  valueOf(id: number): NativeValues {
    const value = this.#binding.constantValue(id);
    if (value) return value;
    const { operation } = this.output(id);
    const what = operation === "Placeholder" ? "an argument" : `what ${operation} returns`;
    throw new MetaError(
      "NOT_COMPILABLE",
      `${this.#functionName}: the value of ${what} was read${userLine()}, but it has none while the function is compiled. ` +
        "Read it outside, from what the compiled function returns.",
    );
  }

  #newConstant(
    shape: readonly number[],
    dtype: number,
    data: NativeValues,
    values?: NativeValues,
  ): NativeTensor {
    return this.#note("Const", this.#binding.addConstant(shape, dtype, data), [], values);
  }

  #note(
    operation: string,
    { id, shape, dtype }: NativeTensor,
    inputs: readonly number[] = [],
    values?: NativeValues,
  ): NativeTensor {
    this.#outputs[id] = { operation, shape, dtype, inputs, ...(values && { values }) };
    return { id, shape, dtype };
  }

  #definition(name: string): OperationDefinition {
    let definition = this.#definitions.get(name);
    if (!definition) {
      definition = readOperationDefinition(this.#binding.operationDefinition(name));
      this.#definitions.set(name, definition);
    }
    return definition;
  }
}

/** Replacer for JSON.stringify that tells apart -0, NaN and infinities. */
function exactly(_: string, value: unknown): unknown {
  if (Object.is(value, -0)) return "-0";
  return typeof value === "number" && !Number.isFinite(value) ? String(value) : value;
}

/** True if all numbers are equal. A loop: callbacks take ten times as long, and arrays may be as large as a model. */
function repeatsOneNumber(data: Float32Array): boolean {
  const first = data[0];
  for (let i = 1; i < data.length; i++) if (!Object.is(data[i], first)) return false;
  return true;
}

/** Groups ids by the operation's inputs: single ids, and lists of ids. */
function groupInputs(
  definition: OperationDefinition,
  attributes: readonly NativeAttribute[],
  inputs: readonly number[],
): (number | number[])[] {
  const surplus = inputs.length - definition.inputs.length; // of a list whose length is not given
  let next = 0;
  return definition.inputs.map(({ isList, lengthAttribute }) => {
    if (!isList) return inputs[next++] as number;
    const given = attributes.find(({ name }) => name === lengthAttribute)?.value;
    const length = typeof given === "number" ? given : surplus + 1;
    next += length;
    return inputs.slice(next - length, next);
  });
}
