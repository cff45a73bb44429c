import type { TapeNode } from "./engine.js";

/** Placeholder for an output that nothing depends on. */
export const nowhere = { id: -1 };

/**
 * Moves a node of the tape in front of the first node, from index `start`, that uses its outputs.
 * TensorFlow.js records the copy of a saved output before the operation that computes it, and then misses
 * that dependency.
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
