import type { TrainingLengths } from "@metalearn/core";
import type { SamplerOptions } from "./sampler.js";
import { taskWeights } from "./taskWeights.js";
import { trainingSequences } from "./trainingSequences.js";

/** Enough to estimate the lengths of batches to a few percent; encoding them takes about a second. */
const sampleSize = 1_000;

/**
 * Lengths in tokens of about 1,000 training sequences, evenly spaced over the rows of each task. Every task
 * has at least one, and otherwise a number proportional to its probability of being drawn.
 */
export function sampleLengths(
  options: Omit<SamplerOptions, "seed" | "batchSize">,
): TrainingLengths {
  const { tasks, maxTokens, taskSampling, temperature } = options;
  // The lengths belong to the data: runs with other seeds should pad alike.
  const sequences = trainingSequences({ ...options, seed: 0 });
  const weights = taskWeights(
    tasks.map(({ size }) => size),
    taskSampling,
    temperature,
  );
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const byTask = tasks.map(({ size }, task) => {
    const share = (weights[task] as number) / total;
    const count = Math.max(1, Math.round(sampleSize * share));
    return Array.from({ length: count }, (_, index) => {
      const row = Math.floor((index * size) / count);
      return sequences.answered({ task, row }, { update: 0, index }).ids.length;
    });
  });
  return { byTask, longest: maxTokens };
}
