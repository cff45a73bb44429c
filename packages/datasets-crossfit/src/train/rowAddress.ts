/** Indices of a training task and one of its rows. */
export interface RowAddress {
  readonly task: number;
  readonly row: number;
}

/** Address of row `index` when the rows of all tasks are numbered consecutively. */
export function addressOf(sizes: readonly number[], index: number): RowAddress {
  let row = index;
  const task = sizes.findIndex((size) => {
    if (row < size) return true;
    row -= size;
    return false;
  });
  return { task, row };
}
