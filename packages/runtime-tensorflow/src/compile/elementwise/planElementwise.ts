import * as tf from "@tensorflow/tfjs";
import type { NativeBinding } from "../../binding/binding.js";
import type { ElementwiseProgram } from "../../binding/elementwiseProgram.js";
import type { GraphBuilder, GraphOutput } from "../graphBuilder.js";
import { type Code, instructionOf, sameElements } from "./instructions.js";
import { KernelBuilder, type KernelValue, rootOf } from "./kernelBuilder.js";
import { ScalarsBuilder } from "./scalarsBuilder.js";

/** A program, and the order of the function's outputs among its own. */
export interface ElementwisePlan {
  readonly program: ElementwiseProgram;
  /** Index in the program of each output of the function. */
  readonly order: readonly number[];
}

/** Function to compile elementwise. */
export interface ElementwiseRequest {
  readonly builder: GraphBuilder;
  readonly types: Pick<NativeBinding, "TF_FLOAT" | "TF_BOOL">;
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  readonly threads: number;
}

/** An operand: a scalar for all elements, or a tensor in a kernel. */
type Value = { readonly scalar: Scalar } | { readonly tensor: KernelValue };

/** One number. */
interface Scalar {
  readonly slot: number;
  /** True if it depends on the sum of a kernel, so that no kernel can use it. */
  readonly isLate: boolean;
}

/**
 * Makes the program of a function that computes element by element in float32, with sums over all elements at most at
 * the end: updates of optimizers, their adjoints, norms. `undefined` for any other function.
 */
export function planElementwise(request: ElementwiseRequest): ElementwisePlan | undefined {
  const { builder, types, inputs, outputs, threads } = request;
  const values = new Map<number, Value>();
  const scalars = new ScalarsBuilder();
  const kernels: KernelBuilder[] = [];
  const openKernel = (size: number) => {
    const kernel = new KernelBuilder(size);
    kernels.push(kernel);
    return kernel;
  };

  for (const id of builder.needed(outputs)) {
    const output = builder.output(id);
    const value = planOne(id, output);
    if (value === "not elementwise") return undefined;
    if (value) values.set(id, value);
  }

  const stored = outputs.map((id) => {
    const { shape } = builder.output(id);
    const value = values.get(id) as Value;
    if ("tensor" in value) {
      const { kernel, value: own } = rootOf(value.tensor);
      return { kernel, at: kernel.store(own, shape) };
    }
    if (shape.length === 0) return { at: scalars.output(value.scalar.slot) };
    if (value.scalar.isLate) return undefined;
    const kernel = openKernel(tf.util.sizeFromShape([...shape]));
    return { kernel, at: kernel.store(kernel.add("copy", [-1 - value.scalar.slot]), shape) };
  });
  if (stored.includes(undefined)) return undefined;

  const roots = kernels.filter((kernel) => kernel.isRoot && kernel.isUsed);
  const starts = new Map<KernelBuilder | undefined, number>();
  let count = 0;
  for (const kernel of roots) {
    starts.set(kernel, count);
    count += kernel.outputCount;
  }
  starts.set(undefined, count);
  return {
    program: {
      ...scalars.build(),
      kernels: roots.map((kernel) => kernel.build()),
      inputs: inputs.length,
      threads,
    },
    order: (stored as { kernel?: KernelBuilder; at: number }[]).map(
      ({ kernel, at }) => (starts.get(kernel?.root) as number) + at,
    ),
  };

  /** `undefined` for what only says how an operation is meant: axes, shapes. */
  function planOne(id: number, output: GraphOutput): Value | undefined | "not elementwise" {
    const { operation, dtype, shape } = output;
    const size = tf.util.sizeFromShape([...shape]);
    if (operation === "Const") {
      if (dtype !== types.TF_FLOAT) return undefined;
      if (size !== 1 || !output.values) return "not elementwise";
      return { scalar: { slot: scalars.constant(Number(output.values[0])), isLate: false } };
    }
    if (dtype !== types.TF_FLOAT && dtype !== types.TF_BOOL) return "not elementwise";
    if (operation === "Placeholder") {
      const input = inputs.indexOf(id);
      if (dtype !== types.TF_FLOAT) return "not elementwise";
      if (shape.length > 0) return { tensor: openKernel(size).input(input) };
      return { scalar: { slot: scalars.input(input), isLate: false } };
    }

    const operands = output.inputs.map((input) => values.get(input));
    if (operation === "Fill") return operands[1] ?? "not elementwise";
    if (operation === "ZerosLike") return { scalar: { slot: scalars.constant(0), isLate: false } };
    const [first] = operands;
    if (!first) return "not elementwise";
    if (sameElements.has(operation)) return first;
    if (operation === "Cast") return dtype === types.TF_FLOAT ? first : "not elementwise";
    if (operation === "Sum") {
      return "tensor" in first && size === 1 ? sum(first.tensor) : "not elementwise";
    }
    const code = operation === "AddN" ? "add" : instructionOf[operation];
    if (!code || operands.includes(undefined)) return "not elementwise";
    const given = operands as Value[];
    return operation === "AddN" ? computeAll(code, given, size) : compute(code, given, size);
  }

  function computeAll(
    code: Code,
    [total, ...rest]: readonly Value[],
    size: number,
  ): Value | "not elementwise" {
    const [next, ...others] = rest;
    if (!next) return total as Value;
    const joined = compute(code, [total as Value, next], size);
    return joined === "not elementwise" ? joined : computeAll(code, [joined, ...others], size);
  }

  function compute(
    code: Code,
    operands: readonly Value[],
    size: number,
  ): Value | "not elementwise" {
    const isLate = operands.some((operand) => "scalar" in operand && operand.scalar.isLate);
    const tensors = operands.flatMap((operand) =>
      "tensor" in operand ? [rootOf(operand.tensor)] : [],
    );
    const [first, ...others] = tensors;
    if (!first) {
      const slots = operands.map((operand) => (operand as { scalar: Scalar }).scalar.slot);
      return { scalar: { slot: scalars.compute(code, slots, isLate), isLate } };
    }
    if (isLate || tensors.some(({ kernel }) => kernel.size !== size)) return "not elementwise";
    for (const { kernel } of others) first.kernel.absorb(kernel);
    const numbers = operands.map((operand) =>
      "tensor" in operand ? rootOf(operand.tensor).value : -1 - operand.scalar.slot,
    );
    return { tensor: { kernel: first.kernel, value: first.kernel.add(code, numbers) } };
  }

  function sum(of: KernelValue): Value {
    const { kernel, value } = rootOf(of);
    const slot = scalars.slot();
    kernel.sum(value, slot);
    return { scalar: { slot, isLate: true } };
  }
}
