import * as tf from "@tensorflow/tfjs";
import { gradient, lastAxes, undo } from "./gradient.js";

interface Cumulative {
  readonly axis: number;
  readonly exclusive: boolean;
  readonly reverse: boolean;
}

/** Sums and products along axes. */
export const reductions: readonly tf.GradConfig[] = [
  // Saves its output.
  gradient<{ dim: number }>({
    kernelName: tf.Softmax,
    inputs: ["logits"],
    of: (dy, saved, { dim }) => ({
      logits: () => {
        const [logits] = saved as [tf.Tensor];
        const y = tf.softmax(logits, dim);
        const weighted = tf.mul(dy, y);
        return tf.sub(weighted, tf.mul(tf.sum(weighted, dim, true), y));
      },
    }),
  }),
  // That of TensorFlow.js mixes up the axes if it is not the last one that is summed.
  gradient<Cumulative>({
    kernelName: tf.Cumsum,
    of: (dy, _, { axis, exclusive, reverse }) => ({
      x: () => tf.cumsum(dy, axis, exclusive, !reverse),
    }),
  }),
  gradient<Cumulative>({
    kernelName: tf.Cumprod,
    inputs: ["x"],
    of: (dy, saved, attributes) => ({
      x: () => cumulativeProductGradient(dy, saved[0] as tf.Tensor, attributes),
    }),
  }),
  gradient<{ axis?: number | number[] }>({
    kernelName: tf.Prod,
    inputs: ["x"],
    of: (dy, saved, { axis }) => ({
      x: () => {
        const [x] = saved as [tf.Tensor];
        const axes = tf.util.parseAxisParam(axis ?? (null as unknown as number[]), x.shape);
        const order = lastAxes(x.rank, axes);
        const moved = tf.transpose(x, order);
        const kept = moved.shape.slice(0, x.rank - axes.length);
        const flat = tf.reshape(moved, [...kept, -1]);
        // The product of all other elements, without a division.
        const others = tf.mul(
          tf.cumprod(flat, kept.length, true),
          tf.cumprod(flat, kept.length, true, true),
        );
        const dx = tf.mul(others, tf.reshape(dy, [...kept, 1]));
        return tf.transpose(tf.reshape(dx, moved.shape), undo(order));
      },
    }),
  }),
];

/**
 * Element `i` of a cumulative product has by element `k` the derivative (product before `k`) times
 * (product between `k` and `i`): exact where elements are zero, in memory that is quadratic in the axis.
 */
function cumulativeProductGradient(
  dy: tf.Tensor,
  x: tf.Tensor,
  { axis, exclusive, reverse }: Cumulative,
): tf.Tensor {
  const [along] = tf.util.parseAxisParam(axis, x.shape) as [number];
  const order = lastAxes(x.rank, [along]);
  const turned = (tensor: tf.Tensor) => (reverse ? tf.reverse(tensor, along) : tensor);
  const [factors, weights] = [x, dy].map((t) => tf.transpose(turned(t), order)) as [
    tf.Tensor,
    tf.Tensor,
  ];
  const last = x.rank - 1;
  const positions = tf.range(0, x.shape[along] as number, 1, "int32");
  const after = tf.cast(
    tf.greater(tf.expandDims(positions, 0), tf.expandDims(positions, 1)),
    "float32",
  ); // [k, i]: whether i > k
  const counted = exclusive ? after : tf.sub(1, tf.transpose(after));
  const upTo = tf.add(tf.mul(tf.expandDims(factors, last), after), tf.sub(1, after));
  const between = tf.mul(tf.cumprod(upTo, last + 1, exclusive), counted);
  const sums = tf.sum(tf.mul(between, tf.expandDims(weights, last)), last + 1);
  const dx = tf.mul(tf.cumprod(factors, last, true), sums);
  return turned(tf.transpose(dx, undo(order)));
}
