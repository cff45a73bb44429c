import { type CompileMode, type CompileOptions, MetaError, type Precision } from "@metalearn/core";

/** Facts by which `auto` chooses a mode, all known before a function first runs. */
export interface ModeGrounds {
  /** The function's, for messages. */
  readonly name: string;
  /** True if the function can run in the mode `elementwise` here. */
  readonly isElementwise: boolean;
  readonly precision: Precision;
  /** Number of elements that the function returns, over all tensors. */
  readonly outputElements: number;
  /** Number of operations in its graph; the time to compile grows with it. */
  readonly operations: number;
}

/** Elements returned per operation above which XLA is worth the time to compile. */
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
