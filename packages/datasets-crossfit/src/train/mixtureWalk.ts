import { randomFor } from "@metalearn/core";
import { addressOf, type RowAddress } from "./rowAddress.js";

/** All rows of all tasks in random order, again and again: an endless list. */
export interface MixtureWalk {
  /** The row at a position. Every epoch, as many positions as there are rows, has its own order. */
  at(position: number): RowAddress;
}

/**
 * Every row comes once per epoch, so that tasks come in proportion to their size.
 *
 * @param sizes rows of each task
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
