import { type CompileMode, type CompileOptions, MetaError, type Precision } from "@metalearn/core";

/** Facts by which `auto` chooses a mode, all known before a function first runs. */
export interface ModeGrounds {
  /** The function's, for messages. */
  readonly name: string;
  /** True if the function can run in the mode `elementwise` here. */
  readonly isElementwise: boolean;
  readonly precision: Precision;
  /** Numbers that the function returns, in all tensors together. */
  readonly outputElements: number;
  /** Operations in its graph, with which the time to compile grows. */
  readonly operations: number;
}

/** Numbers returned per operation from which on XLA's code is worth the time to compile it. */
const worthwhile = 10_000;

/**
 * Chooses the mode for `auto`: `elementwise` where every element is computed independently; otherwise `xla`
 * for functions with large outputs for their size, such as gradients and updates of a large model;
 * otherwise `graph`.
 *
 * Measured on a CPU with two cores, GPT-2 small, 256 tokens: XLA fuses the operations between matrix
 * products, so that a meta-gradient takes 10 to 20 percent less time and an update of AdamW less than
 * half. It compiles for up to 20 seconds per shape, which does not pay for small models; it reduces
 * tensors to a scalar on one core only, and multiplies in bfloat16 more slowly.
 *
 * The choice must not depend on how often a shape was met: results differ in their last bits, so that a
 * resumed run would diverge from an uninterrupted one.
 */
export function modeFor(
  mode: Exclude<CompileOptions["mode"], "eager" | undefined>,
  { name, precision, outputElements, operations, isElementwise }: ModeGrounds,
): CompileMode {
  if (mode === "elementwise" && !isElementwise) {
    throw new MetaError(
      "NOT_COMPILABLE",
      `${name} cannot be compiled in the mode "elementwise", which runs on a CPU and knows plain arithmetic in float32, element by element, and sums over all elements at the end. Leave the mode to "auto".`,
    );
  }
  if (mode !== "auto") return mode;
  if (isElementwise) return "elementwise";
  return precision === "float32" && outputElements >= worthwhile * operations ? "xla" : "graph";
}
