import type { CompileMode } from "@metalearn/core";
import type { GraphBuilder } from "../graphBuilder.js";

/** A graph some of whose inputs are known later than others. */
export interface StagedGraph {
  readonly builder: Pick<GraphBuilder, "output" | "size">;
  readonly earlyInputs: readonly number[];
  readonly lateInputs: readonly number[];
  /** Outputs computed once all inputs are known. */
  readonly lateOutputs: readonly number[];
  readonly mode: CompileMode;
}

/** Operations that cost more than reading their result from memory; XLA fuses all others. */
const products = new Set(["MatMul", "BatchMatMulV2", "_MklMatMul", "Einsum"]);

/** Operations whose result is a view of their input, or a constant. */
const free = new Set(["Const", "Fill", "Identity", "Reshape", "ZerosLike"]);

/**
 * Chooses the outputs that the early stage keeps for the late one: on every path from early inputs to late outputs,
 * the last matrix product before a late input enters. XLA recomputes the operations after it at almost no cost; for
 * the plain graph, where every operation passes over memory, their results are kept as well.
 */
export function keptBetweenStages(graph: StagedGraph): number[] {
  const { builder, earlyInputs, lateInputs, lateOutputs, mode } = graph;
  const isLate = lateOnes(builder, lateInputs);
  const given = new Set(earlyInputs);
  const kept = new Set<number>();
  const seen = new Set<number>();
  const open = [...lateOutputs];
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    if (seen.has(id) || given.has(id)) continue;
    seen.add(id);
    const { operation, inputs } = builder.output(id);
    const isWorthKeeping = mode === "xla" ? products.has(operation) : !free.has(operation);
    if (!isLate.has(id) && isWorthKeeping) kept.add(id);
    else open.push(...inputs);
  }
  return [...kept].sort((a, b) => a - b);
}

/** The outputs that depend on a late input. */
function lateOnes(
  builder: StagedGraph["builder"],
  lateInputs: readonly number[],
): ReadonlySet<number> {
  const late = new Set(lateInputs);
  for (let id = 0; id < builder.size; id++) {
    if (builder.output(id).inputs.some((input) => late.has(input))) late.add(id);
  }
  return late;
}
