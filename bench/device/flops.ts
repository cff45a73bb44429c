import type { Gpt2Config } from "@metalearn/models-gpt2";
import type { DeviceRow } from "./rows.js";

/**
 * Floating-point operations of a step, independent of the implementation: two for each weight of a matrix
 * that a token passes, four for each pair of tokens and channel in attention, and the output layer for scored
 * tokens. A gradient takes three times its forward pass, and a Hessian-vector product twice a gradient.
 * Elementwise work, updates and recomputation are left out.
 */
export function flopsOf(
  { sequences }: Pick<DeviceRow, "sequences">,
  { layers, width, vocabularySize }: Gpt2Config,
  { time, scored }: { time: number; scored: number },
): number {
  const matrices = 2 * 12 * layers * width ** 2 * time;
  const attention = 4 * layers * width * time ** 2;
  const output = 2 * width * vocabularySize * scored;
  const gradient = 3 * (matrices + attention + output);
  return gradient * sequences.all + 2 * gradient * sequences.twice;
}
