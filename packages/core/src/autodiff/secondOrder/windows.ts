import * as tf from "@tensorflow/tfjs";

/** Windows of a pooling or convolution along one axis. */
export interface WindowAxis {
  /** Number of padding elements before the first element. */
  readonly before: number;
  /** Number of windows. */
  readonly count: number;
  /** Number of elements of a window. */
  readonly size: number;
  readonly stride: number;
  readonly dilation: number;
}

/**
 * Gathers the elements of each window, over the axes between the first and the last.
 *
 * @param x [batch, ...lengths, channels]
 * @param padding value of elements outside the input
 * @returns [batch, ...counts, channels, elements of a window]
 */
export function windows(x: tf.Tensor, axes: readonly WindowAxis[], padding: number): tf.Tensor {
  const padded = tf.pad(x, outside(x.shape, axes), padding);
  const picked = axes.reduce(
    (rest, axis, i) => tf.gather(rest, tf.tensor1d(positions(axis), "int32"), i + 1),
    padded,
  );
  const [batch, channels] = [x.shape[0] as number, x.shape.at(-1) as number];
  const apart = tf.reshape(picked, [
    batch,
    ...axes.flatMap(({ count, size }) => [count, size]),
    channels,
  ]);
  const counts = axes.map((_, i) => 1 + 2 * i);
  const order = [0, ...counts, 1 + 2 * axes.length, ...counts.map((axis) => axis + 1)];
  const elements = axes.reduce((product, { size }) => product * size, 1);
  return tf.reshape(tf.transpose(apart, order), [
    batch,
    ...axes.map(({ count }) => count),
    channels,
    elements,
  ]);
}

/** Padding that the windows need before and after each axis of `shape`. */
export function outside(
  shape: readonly number[],
  axes: readonly WindowAxis[],
): [before: number, after: number][] {
  const between = axes.map(({ before, count, size, stride, dilation }, i): [number, number] => {
    const end = (count - 1) * stride + (size - 1) * dilation + 1;
    return [before, Math.max(0, end - before - (shape[i + 1] as number))];
  });
  return [[0, 0], ...between, [0, 0]];
}

/** Positions of the elements of all windows along an axis, window by window. */
function positions({ count, size, stride, dilation }: WindowAxis): number[] {
  return Array.from(
    { length: count * size },
    (_, i) => Math.floor(i / size) * stride + (i % size) * dilation,
  );
}

/** One-hot choice of the largest element of each window, the first of equal ones. */
export function largest(inWindows: tf.Tensor): tf.Tensor {
  return tf.oneHot(tf.argMax(inWindows, -1), inWindows.shape.at(-1) as number, 1, 0, "float32");
}
