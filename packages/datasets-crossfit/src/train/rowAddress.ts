/** A row of a training task, by their indices. */
export interface RowAddress {
  readonly task: number;
  readonly row: number;
}

/** The address of row `index` when the rows of all tasks are counted through. */
export function addressOf(sizes: readonly number[], index: number): RowAddress {
  let row = index;
  const task = sizes.findIndex((size) => {
    if (row < size) return true;
    row -= size;
    return false;
  });
  return { task, row };
}
