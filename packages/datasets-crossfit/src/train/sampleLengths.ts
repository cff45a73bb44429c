import type { TrainingLengths } from "@metalearn/core";
import type { Pool } from "./checkShape.js";
import { type TrainingSequenceOptions, trainingSequences } from "./trainingSequences.js";

/** Enough to know the lengths of batches to a few percent; encoding them takes about a second. */
const sampleSize = 1_000;

/**
 * The lengths of about 1,000 training sequences, evenly spaced over the rows of each task. Every
 * task has at least one, and otherwise as many as its chance to be drawn.
 */
export function sampleLengths(
  options: Omit<TrainingSequenceOptions, "seed">,
  taskSampling: Pool["taskSampling"],
): TrainingLengths {
  const { tasks, maxTokens } = options;
  // The lengths belong to the data: runs with other seeds are to pad alike.
  const sequenceOf = trainingSequences({ ...options, seed: 0 });
  const rows = tasks.reduce((sum, { size }) => sum + size, 0);
  const byTask = tasks.map(({ size }, task) => {
    const share = taskSampling === "uniform" ? 1 / tasks.length : size / rows;
    const count = Math.max(1, Math.round(sampleSize * share));
    return Array.from({ length: count }, (_, index) => {
      const row = Math.floor((index * size) / count);
      return sequenceOf({ task, row }, { update: 0, index }).ids.length;
    });
  });
  return { byTask, longest: maxTokens };
}
