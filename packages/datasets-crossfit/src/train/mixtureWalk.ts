import { randomFor } from "@metalearn/core";
import { drawWeighted } from "./draws.js";
import { addressOf, type RowAddress } from "./rowAddress.js";

/** Endless list of the rows of all tasks in random order. */
export interface MixtureWalk {
  /** The row at a position. */
  at(position: number): RowAddress;
}

/**
 * Walk that visits every row once per epoch, so that tasks occur in proportion to their size. Every epoch has
 * an order of its own.
 *
 * @param sizes number of rows of each task
 *
 * Source: Min et al. 2022, published code: one training sequence per row, reshuffled each epoch.
 */
export function mixtureWalk(sizes: readonly number[], seed: number): MixtureWalk {
  const rows = sizes.reduce((sum, size) => sum + size, 0);
  const inOrder = Array.from({ length: rows }, (_, index) => index);
  let current: { readonly epoch: number; readonly order: readonly number[] } | undefined;
  return {
    at(position) {
      const epoch = Math.floor(position / rows);
      if (current?.epoch !== epoch) {
        current = { epoch, order: randomFor(seed, "epoch", epoch).shuffle(inOrder) };
      }
      return addressOf(sizes, current.order[position % rows] as number);
    },
  };
}

/**
 * Walk that draws a task by its weight, then any row of it, at every position: there are no epochs.
 *
 * @param sizes number of rows of each task
 *
 * Source: Min et al. 2022, table 1: sample a task, then its examples.
 */
export function weightedWalk(
  sizes: readonly number[],
  weights: readonly number[],
  seed: number,
): MixtureWalk {
  return {
    at(position) {
      const random = randomFor(seed, "mixture", position);
      const task = drawWeighted(random, weights);
      return { task, row: random.integer(sizes[task] as number) };
    },
  };
}
