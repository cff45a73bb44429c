import type { CompileMode, CompileOptions } from "@metalearn/core";

/**
 * What `auto` stands for. On the CPU the plain graph: XLA gained 5 % in the gradient of GPT-2 in
 * float32, lost in bfloat16, and took 5 times as long to compile, for every length of a batch anew.
 * On GPUs XLA, which fuses what would otherwise be many small kernels.
 */
export function modeFor({ mode = "auto" }: CompileOptions, device: string): CompileMode {
  if (mode !== "auto") return mode;
  return device === "cpu" ? "graph" : "xla";
}
