/**
 * The smallest of few sizes that holds `count`: up to 16 each number, then eight sizes per doubling.
 * Tensors padded to such sizes come in few shapes, for which a runtime can compile, and less than an
 * eighth of them is padding.
 */
export function sizeAtLeast(count: number): number {
  const step = 2 ** Math.max(0, Math.ceil(Math.log2(count)) - 4);
  return Math.ceil(count / step) * step;
}
