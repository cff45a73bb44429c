import { expect, test } from "vitest";
import type { GraphOutput } from "../src/compile/graphBuilder.js";
import { keptBetweenStages, type StagedGraph } from "../src/compile/stages/partition.js";

// w x -> MatMul -> Tanh -> (with the late v) Mul, and a view of w that the late stage multiplies v by
const operations: readonly (readonly [operation: string, ...inputs: number[]])[] = [
  ["Placeholder"], // 0: w
  ["Placeholder"], // 1: v, late
  ["MatMul", 0, 0], // 2
  ["Tanh", 2], // 3
  ["Mul", 3, 1], // 4
  ["Reshape", 0], // 5
  ["MatMul", 5, 4], // 6
  ["Exp", 0], // 7: only the early stage needs it
];
const outputs = operations.map(
  ([operation, ...inputs]): GraphOutput => ({ operation, inputs, shape: [2, 2], dtype: 1 }),
);
const builder: StagedGraph["builder"] = {
  size: outputs.length,
  output: (id) => outputs[id] as GraphOutput,
};
const graph = { builder, earlyInputs: [0], lateInputs: [1], lateOutputs: [6] };

test("XLA keeps matrix products, from which it computes the rest again", () => {
  expect(keptBetweenStages({ ...graph, mode: "xla" })).toEqual([2]);
});

test("the plain graph keeps what the late stage takes, but no views", () => {
  expect(keptBetweenStages({ ...graph, mode: "graph" })).toEqual([3]);
});

test("nothing is kept where the late stage needs arguments alone", () => {
  expect(keptBetweenStages({ ...graph, lateOutputs: [5], mode: "graph" })).toEqual([]);
});
