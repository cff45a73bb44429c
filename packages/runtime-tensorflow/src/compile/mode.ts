import type { CompileOptions } from "@metalearn/core";

type Mode = NonNullable<CompileOptions["mode"]>;

/**
 * What `auto` stands for: the plain graph.
 *
 * On a CPU with two cores XLA runs the gradient and the Hessian-vector product of GPT-2 small about
 * a tenth faster (256 tokens, float32; the gradient at 32 tokens by three tenths), is slower in
 * bfloat16, and takes two and six seconds longer to compile them, for every shape anew: worth it for
 * runs that meet few shapes often. The choice must not depend on how often a shape was met: results
 * differ in their last bits, and a run that is resumed would end elsewhere than one that is not.
 */
export function modeFor(mode: Mode): Exclude<Mode, "auto"> {
  return mode === "auto" ? "graph" : mode;
}
