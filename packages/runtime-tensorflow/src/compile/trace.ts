import { MetaError, type Precision } from "@metalearn/core";
import * as tf from "@tensorflow/tfjs";
import type { NativeAttribute, NativeBinding, NativeTensor } from "../binding/binding.js";
import { GraphBuilder } from "./graphBuilder.js";
import { matrixProducts } from "./matrixProduct.js";

/** A tensor from outside that a function uses: a variable, or the `dataId` of a tensor. */
export type Capture = tf.Variable | object;

/** An input of a function whose values index an axis. */
export interface IndexInput {
  /** Index of the input. */
  readonly input: number;
  /** Length of the axis. */
  readonly length: number;
}

/** Recording of a function's operations on tensors. */
export interface Trace {
  /** The function's, for messages. */
  readonly name: string;
  readonly builder: GraphBuilder;
  /** The inputs so far: arguments, then captures. */
  readonly inputs: readonly number[];
  readonly captures: readonly Capture[];
  readonly indexInputs: readonly IndexInput[];
  addInput(shape: readonly number[], dtype: tf.DataType): NativeTensor;
  capture(owner: Capture): NativeTensor;
  /** Records that the values of a tensor are positions in an axis, if it is an input. */
  requireBelow(id: number, length: number): void;
  /** Precision of matrix products: `float32` also if the function has none to narrow. */
  readonly precision: Precision;
  /** Adds a matrix product in the requested precision. */
  multiply(inputs: readonly number[], attributes: readonly NativeAttribute[]): NativeTensor;
}

/** Options of a trace. */
export interface TraceOptions {
  readonly name: string;
  readonly precision: Precision;
  typeNumber(dtype: tf.DataType): number;
}

/** Starts recording into the graph that is open in `binding`. */
export function openTrace(
  binding: NativeBinding,
  { name, precision, typeNumber }: TraceOptions,
): Trace {
  const builder = new GraphBuilder(binding, name);
  const inputs: number[] = [];
  const captures: Capture[] = [];
  const indexInputs: IndexInput[] = [];

  let effective: Precision = "float32";
  const onNarrow = () => {
    effective = precision;
  };

  const addInput = (shape: readonly number[], dtype: tf.DataType) => {
    const placeholder = builder.placeholder(shape, typeNumber(dtype));
    inputs.push(placeholder.id);
    return placeholder;
  };
  return {
    name,
    builder,
    inputs,
    captures,
    indexInputs,
    addInput,
    capture(owner) {
      const known = owner instanceof tf.Variable ? owner : tf.engine().state.tensorInfo.get(owner);
      if (!known) throw new MetaError("BAD_OPTION", `${name} uses a tensor that is disposed.`);
      captures.push(owner);
      return addInput(known.shape, known.dtype);
    },
    requireBelow(id, length) {
      const input = inputs.indexOf(id);
      if (input < 0 || indexInputs.some((i) => i.input === input && i.length <= length)) return;
      indexInputs.push({ input, length });
    },
    get precision() {
      return effective;
    },
    multiply: matrixProducts(builder, binding, precision, onNarrow),
  };
}
