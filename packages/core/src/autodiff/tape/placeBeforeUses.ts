import type { TapeNode } from "./engine.js";

/** Stands for an output on which nothing depends. */
export const nowhere = { id: -1 };

/**
 * Moves a step of the tape ahead of the first of the steps from `start` on that uses what it makes.
 * TensorFlow.js records the copy of a saved output before the operation that it comes from, and then
 * does not see that the one depends on the other.
 */
export function placeBeforeUses(tape: TapeNode[], start: number, node: TapeNode): void {
  const made = new Set(node.outputs.map(({ id }) => id));
  const uses = ({ inputs }: TapeNode) => Object.values(inputs).some(({ id }) => made.has(id));
  const from = tape.lastIndexOf(node);
  const to = tape.findIndex((step, i) => i >= start && uses(step));
  if (to < 0 || to > from) return;
  tape.splice(from, 1);
  tape.splice(to, 0, node);
}
