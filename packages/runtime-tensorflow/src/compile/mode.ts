import { type CompileMode, type CompileOptions, MetaError, type Precision } from "@metalearn/core";

/** What `auto` decides by: all of it is known before a function first runs. */
export interface ModeGrounds {
  /** The function's, for messages. */
  readonly name: string;
  /** Whether it can run in the mode of that name here. */
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
 * What `auto` stands for: one pass over memory where every element goes its own way; otherwise XLA where a function returns much for its size, as the gradients and
 * updates of a large model do, otherwise the plain graph.
 *
 * Measured on a CPU with two cores, GPT-2 small, 256 tokens: XLA fuses what lies between the matrix
 * products, so that a meta-gradient takes 10 to 20 percent less time and an update of AdamW less
 * than half. It takes up to 20 seconds to compile for every shape anew, which does not pay for small
 * models; it sums up tensors to one number on one core only, and multiplies in bfloat16 more slowly.
 *
 * The choice must not depend on how often a shape was met: results differ in their last bits, and a
 * run that is resumed would end elsewhere than one that is not.
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
