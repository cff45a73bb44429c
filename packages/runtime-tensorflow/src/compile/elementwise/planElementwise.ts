import * as tf from "@tensorflow/tfjs";
import type { NativeBinding } from "../../binding/binding.js";
import type { ElementwiseProgram } from "../../binding/elementwiseProgram.js";
import type { GraphBuilder, GraphOutput } from "../graphBuilder.js";
import { type Code, instructionOf, sameElements } from "./instructions.js";
import { type Block, LaneBuilder, laneOf } from "./laneBuilder.js";
import { SinglesBuilder } from "./singlesBuilder.js";

/** A program, and which of its outputs is which of the function's. */
export interface ElementwisePlan {
  readonly program: ElementwiseProgram;
  /** For each output of the function, its number among those of the program. */
  readonly order: readonly number[];
}

/** What is to be planned. */
export interface ElementwiseRequest {
  readonly builder: GraphBuilder;
  readonly types: Pick<NativeBinding, "TF_FLOAT" | "TF_BOOL">;
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  readonly threads: number;
}

/** An operand: one number for all elements, or a block of a lane. */
type Value = { readonly single: Single } | { readonly block: Block };

/** One number. */
interface Single {
  readonly place: number;
  /** Whether it depends on the sum of a lane, so that no lane can use it. */
  readonly isLate: boolean;
}

/**
 * The program of a function, if all that it does is done element by element in float32, with sums
 * over all elements at the end at most: updates of optimizers, their adjoints, norms. `undefined`
 * for any other function.
 */
export function planElementwise(request: ElementwiseRequest): ElementwisePlan | undefined {
  const { builder, types, inputs, outputs, threads } = request;
  const values = new Map<number, Value>();
  const singles = new SinglesBuilder();
  const lanes: LaneBuilder[] = [];
  const openLane = (size: number) => {
    const lane = new LaneBuilder(size);
    lanes.push(lane);
    return lane;
  };

  for (const id of builder.needed(outputs)) {
    const output = builder.output(id);
    const value = planOne(id, output);
    if (value === "not elementwise") return undefined;
    if (value) values.set(id, value);
  }

  const places = outputs.map((id) => {
    const { shape } = builder.output(id);
    const value = values.get(id) as Value;
    if ("block" in value) {
      const { lane, block } = laneOf(value.block);
      return { lane, at: lane.store(block, shape) };
    }
    if (shape.length === 0) return { at: singles.output(value.single.place) };
    if (value.single.isLate) return undefined;
    const lane = openLane(tf.util.sizeFromShape([...shape]));
    return { lane, at: lane.store(lane.add("copy", [-1 - value.single.place]), shape) };
  });
  if (places.includes(undefined)) return undefined;

  const roots = lanes.filter((lane) => lane.isRoot && lane.isUsed);
  const starts = new Map<LaneBuilder | undefined, number>();
  let count = 0;
  for (const lane of roots) {
    starts.set(lane, count);
    count += lane.outputCount;
  }
  starts.set(undefined, count);
  return {
    program: {
      ...singles.build(),
      lanes: roots.map((lane) => lane.build()),
      inputs: inputs.length,
      threads,
    },
    order: (places as { lane?: LaneBuilder; at: number }[]).map(
      ({ lane, at }) => (starts.get(lane?.root) as number) + at,
    ),
  };

  /** `undefined` for what only says how an operation is meant: axes, shapes. */
  function planOne(id: number, output: GraphOutput): Value | undefined | "not elementwise" {
    const { operation, dtype, shape } = output;
    const size = tf.util.sizeFromShape([...shape]);
    if (operation === "Const") {
      if (dtype !== types.TF_FLOAT) return undefined;
      if (size !== 1 || !output.values) return "not elementwise";
      return { single: { place: singles.constant(Number(output.values[0])), isLate: false } };
    }
    if (dtype !== types.TF_FLOAT && dtype !== types.TF_BOOL) return "not elementwise";
    if (operation === "Placeholder") {
      const input = inputs.indexOf(id);
      if (dtype !== types.TF_FLOAT) return "not elementwise";
      if (shape.length > 0) return { block: openLane(size).input(input) };
      return { single: { place: singles.input(input), isLate: false } };
    }

    const operands = output.inputs.map((input) => values.get(input));
    if (operation === "Fill") return operands[1] ?? "not elementwise";
    if (operation === "ZerosLike") return { single: { place: singles.constant(0), isLate: false } };
    const [first] = operands;
    if (!first) return "not elementwise";
    if (sameElements.has(operation)) return first;
    if (operation === "Cast") return dtype === types.TF_FLOAT ? first : "not elementwise";
    if (operation === "Sum") {
      return "block" in first && size === 1 ? sum(first.block) : "not elementwise";
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
    const isLate = operands.some((operand) => "single" in operand && operand.single.isLate);
    const blocks = operands.flatMap((operand) =>
      "block" in operand ? [laneOf(operand.block)] : [],
    );
    const [first, ...others] = blocks;
    if (!first) {
      const places = operands.map((operand) => (operand as { single: Single }).single.place);
      return { single: { place: singles.compute(code, places, isLate), isLate } };
    }
    if (isLate || blocks.some(({ lane }) => lane.size !== size)) return "not elementwise";
    for (const { lane } of others) first.lane.absorb(lane);
    const numbers = operands.map((operand) =>
      "block" in operand ? laneOf(operand.block).block : -1 - operand.single.place,
    );
    return { block: { lane: first.lane, block: first.lane.add(code, numbers) } };
  }

  function sum(of: Block): Value {
    const { lane, block } = laneOf(of);
    const place = singles.place();
    lane.sum(block, place);
    return { single: { place, isLate: true } };
  }
}
