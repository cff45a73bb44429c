/**
 * Rounds `count` up to one of few sizes: every number up to 16, then eight sizes per doubling. Tensors
 * padded to such sizes have few shapes to compile for, and less than an eighth is padding.
 */
export function sizeAtLeast(count: number): number {
  const step = 2 ** Math.max(0, Math.ceil(Math.log2(count)) - 4);
  return Math.ceil(count / step) * step;
}
