import * as tf from "@tensorflow/tfjs";

/** How windows lie along one axis. */
export interface WindowAxis {
  /** Elements of padding before the first. */
  readonly before: number;
  /** Number of windows. */
  readonly count: number;
  /** Elements of a window. */
  readonly size: number;
  readonly stride: number;
  readonly dilation: number;
}

/**
 * The elements of each window over the axes between the first and the last.
 *
 * @param x [batch, ...lengths, channels]
 * @param padding the value of elements outside
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

/** How many elements of windows lie outside, before and after each axis. */
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

/** The positions of the elements of one window after the other. */
function positions({ count, size, stride, dilation }: WindowAxis): number[] {
  return Array.from(
    { length: count * size },
    (_, i) => Math.floor(i / size) * stride + (i % size) * dilation,
  );
}

/** The first of the largest elements of each window as one-hot vectors. */
export function largest(inWindows: tf.Tensor): tf.Tensor {
  return tf.oneHot(tf.argMax(inWindows, -1), inWindows.shape.at(-1) as number, 1, 0, "float32");
}
