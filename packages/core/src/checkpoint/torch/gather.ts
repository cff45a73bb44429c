/** Whether elements lie one after the other, the last index changing fastest. */
export function isContiguous(shape: readonly number[], strides: readonly number[]): boolean {
  let wanted = 1;
  for (let i = shape.length - 1; i >= 0; i--) {
    const size = shape[i] as number;
    if (size !== 1 && strides[i] !== wanted) return false;
    wanted *= size;
  }
  return true;
}

/**
 * The elements of a strided view, one after the other.
 *
 * @param source from the view's first element on
 * @param target as long as the view has elements; at least one
 */
export function gather<T extends Uint16Array | Uint32Array>(
  source: T,
  target: T,
  shape: readonly number[],
  strides: readonly number[],
): T {
  const index = shape.map(() => 0);
  let from = 0;
  for (let to = 0; to < target.length; to++) {
    target[to] = source[from] as number;
    // To the next element: as an odometer counts.
    for (let i = shape.length - 1; i >= 0; i--) {
      const [size, stride] = [shape[i] as number, strides[i] as number];
      index[i] = (index[i] as number) + 1;
      from += stride;
      if ((index[i] as number) < size) break;
      from -= size * stride;
      index[i] = 0;
    }
  }
  return target;
}
