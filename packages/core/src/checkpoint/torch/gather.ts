/** True for contiguous strides in row-major order. */
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
 * Copies the elements of a strided view in row-major order.
 *
 * @param source elements from the view's first one on
 * @param target destination, of the view's number of elements; at least one
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
    // Advance the index like an odometer.
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
