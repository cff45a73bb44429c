import type { TaskSampling } from "../options.js";

/** Temperature weights are whole numbers, so that draws are the same on every machine. */
const precision = 1_000;

/**
 * Weight of each task, a whole number: `n` for `proportional`, 1 for `uniform` and `n^(1/T)` for
 * `temperature`, where `n` is its number of rows. T = 1 is proportional, and large T approaches uniform.
 *
 * Source: Raffel et al. 2020, section 3.5.2 (temperature-scaled mixing).
 */
export function taskWeights(
  sizes: readonly number[],
  sampling: TaskSampling,
  temperature: number,
): number[] {
  return sizes.map((size) => {
    if (sampling === "proportional") return size;
    if (sampling === "uniform") return 1;
    return Math.round(precision * size ** (1 / temperature));
  });
}
